// One message with everything on it: author, words, sources, reactions, what can be done.
import { blocks, card } from "./blocks.js";
import { el } from "./dom.js";
import { markdown, mrkdwn } from "./text.js";
import { emoji } from "./words.js";

const REACTIONS = ["+1", "eyes", "white_check_mark", "mute"];

export function message(one, scene) {
  const { words, me } = scene;
  const click = (action, value) => scene.act({ act: "click", ts: one.ts, action, value });
  const own = { ...scene, click };
  const time = new Date(Number(one.ts) * 1000).toLocaleTimeString(me.locale, { hour: "2-digit", minute: "2-digit" });
  return el("article", { class: `message ${one.whisper ? "whisper" : ""}`, "data-ts": one.ts },
    el("div", { class: `face ${one.author.bot ? "bot" : ""}`, "aria-hidden": "true" }, [...one.author.real_name][0]),
    el("div", { class: "said" },
      one.whisper ? el("small", { class: "only" }, `👁 ${words.whisper}`) : null,
      el("header", {},
        el("b", {}, one.author.real_name),
        one.author.bot ? el("small", { class: "badge" }, words.app) : null,
        el("time", {}, time)),
      ...content(one, own),
      ...one.files.map((name) => el("div", { class: "file" }, `📎 ${name}`)),
      reactions(one, scene),
      status(one, scene),
      scene.place === "main" && one.replies ? el("button", { class: "replies", onclick: () => scene.open(one.ts) }, words.replies(one.replies)) : null),
    one.whisper || one.tombstone ? null : menu(one, scene));
}

function content(one, scene) {
  if (one.tombstone) return [el("i", {}, scene.words.gone)];
  if (one.growing) return growing(one.growing, scene);
  const edited = one.edited && !one.author.bot ? el("small", {}, scene.words.edited) : null;
  if (one.blocks.length) return [...blocks(one.blocks, scene), ...(edited ? [edited] : [])];
  return [el("p", {}, ...mrkdwn(one.text, scene.names), ...(edited ? [edited] : []))];
}

function growing(stream, scene) {
  return [
    stream.plan ? el("b", {}, stream.plan) : null,
    ...stream.tasks.map(card),
    ...markdown(stream.text),
    ...blocks(stream.blocks, scene),
    stream.ended_by ? null : el("span", { class: "caret" }, "▍"),
  ].filter(Boolean);
}

function reactions(one, scene) {
  if (!one.reactions.length) return null;
  return el("div", { class: "reactions" }, ...one.reactions.map((reaction) =>
    el("button", {
      class: reaction.mine ? "mine" : "",
      title: reaction.users.map((user) => scene.names[user]).join("、"),
      onclick: () => scene.act({ act: "react", ts: one.ts, name: reaction.name }),
    }, `${emoji(reaction.name)} ${reaction.users.length}`)));
}

// What the bot does in the thread of this message; Slack's own stop button is beside it.
function status(one, scene) {
  if (!one.status && !one.stoppable) return null;
  return el("div", { class: "status" },
    one.status ? el("span", {}, `${scene.bot} ${one.status}`) : null,
    one.stoppable ? el("button", { class: "small", onclick: () => scene.act({ act: "stop", ts: one.ts }) }, `■ ${scene.words.stop}`) : null);
}

function menu(one, scene) {
  const { words } = scene;
  const item = (name, wish) => el("button", { onclick: wish }, name);
  const made = el("details", { class: "menu" },
    el("summary", { "aria-label": "…" }, "⋯"),
    el("div", {},
      el("span", { class: "faces" }, ...REACTIONS.map((name) =>
        item(emoji(name), () => scene.act({ act: "react", ts: one.ts, name })))),
      scene.place === "main" ? item(words.answer, () => scene.open(one.ts)) : null,
      one.author.bot ? null : item(words.about, () => scene.act({ act: "ask_about", ts: one.ts })),
      one.mine ? item(words.edit, () => scene.edit({ ts: one.ts, place: scene.place, written: one.typed })) : null,
      one.mine ? item(words.remove, () => scene.act({ act: "delete", ts: one.ts })) : null));
  made.addEventListener("click", (event) => { if (event.target.tagName === "BUTTON") made.open = false; });
  return made;
}
