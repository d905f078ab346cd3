// Slack's two ways to write in plain strings: mrkdwn, and Markdown in streams.
import { el, link } from "./dom.js";
import { emoji } from "./words.js";

export function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

// --- mrkdwn -----------------------------------------------------------------------

const STYLED = /(^|[\s(「（])(?:\*(\S(?:[^*\n]*\S)?)\*|_(\S(?:[^_\n]*\S)?)_|~(\S(?:[^~\n]*\S)?)~)(?=$|[\s.,:;!?)」）、。])/;

export function mrkdwn(text, names) {
  return text.split(/(<[^<>]+>|`[^`\n]+`)/).flatMap((part) => {
    if (/^`[^`]+`$/.test(part)) return [el("code", {}, unescape(part.slice(1, -1)))];
    if (/^<[^<>]+>$/.test(part)) return [token(part.slice(1, -1), names)];
    return styled(part);
  });
}

function token(inside, names) {
  const [target, label] = inside.split("|");
  if (/^[@#]/.test(target)) return mention(names[target.slice(1)] ?? label ?? target);
  if (target.startsWith("!subteam^")) return mention(names[target.slice(9)] ?? label ?? target);
  if (target.startsWith("!")) return mention(`@${target.slice(1)}`);
  return link(unescape(target), unescape(label ?? target));
}

function styled(text) {
  const found = STYLED.exec(text);
  if (!found) return text ? [unescape(text)] : [];
  const [whole, before, bold, italic, struck] = found;
  const tag = bold ? "b" : italic ? "i" : "s";
  const start = found.index + before.length;
  return [
    unescape(text.slice(0, start)),
    el(tag, {}, ...styled(bold ?? italic ?? struck)),
    ...styled(text.slice(found.index + whole.length)),
  ];
}

export function mention(name) {
  return el("span", { class: "mention" }, name);
}

// --- Markdown ---------------------------------------------------------------------

const INLINE = /\\([!-/:-@[-`{-~])|`([^`]+)`|\*\*(.+?)\*\*|~~(.+?)~~|\*([^*\s][^*]*)\*|!?\[([^\]]*)\]\(([^)\s]+)\)/;

function inline(text) {
  const found = INLINE.exec(text);
  if (!found) return text ? [unescape(text)] : [];
  const [whole, literal, code, bold, struck, italic, label, url] = found;
  const made = literal ?? (code ? el("code", {}, code)
    : bold ? el("b", {}, ...inline(bold))
    : struck ? el("s", {}, ...inline(struck))
    : italic ? el("i", {}, ...inline(italic))
    : link(url, ...inline(label)));
  return [unescape(text.slice(0, found.index)), made, ...inline(text.slice(found.index + whole.length))];
}

export function markdown(text) {
  const made = [];
  for (const part of text.split(/(^```[^\n]*\n[\s\S]*?(?:^```[ \t]*$|$(?![\s\S])))/m)) {
    if (part.startsWith("```")) {
      made.push(el("pre", {}, part.replace(/^```[^\n]*\n/, "").replace(/\n?```[ \t]*$/, "")));
    } else {
      made.push(...part.split(/\n{2,}/).filter((p) => p.trim()).map(paragraph));
    }
  }
  return made;
}

function paragraph(text) {
  const lines = text.replace(/^\n+|\n+$/g, "").split("\n");
  const heading = /^(#{1,6})\s+(.*)$/.exec(lines[0]);
  if (heading) return el("p", {}, el("b", {}, ...inline(heading[2])), ...rest(lines.slice(1)));
  if (lines.every((line) => /^\s*([-*+]|\d+[.)])\s/.test(line))) return list(lines);
  if (lines.every((line) => line.startsWith(">"))) {
    return el("blockquote", {}, ...inline(lines.map((line) => line.replace(/^>\s?/, "")).join("\n")));
  }
  return el("p", {}, ...inline(lines.join("\n")));
}

function rest(lines) {
  return lines.length ? ["\n", ...inline(lines.join("\n"))] : [];
}

function list(lines) {
  const first = /^\s*(\d+)/.exec(lines[0]);
  const items = lines.map((line) => {
    const [, indent, words] = /^(\s*)(?:[-*+]|\d+[.)])\s+(.*)$/.exec(line) ?? [null, "", line];
    return el("li", { class: `indent${Math.min(Math.floor(indent.length / 2), 6)}` }, ...inline(words));
  });
  return first ? el("ol", { start: Number(first[1]) }, items) : el("ul", {}, items);
}

// --- plain ------------------------------------------------------------------------

export function plain(object, names) {
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  if (object.emoji === false) return [object.text];
  return [object.text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name))];
}
