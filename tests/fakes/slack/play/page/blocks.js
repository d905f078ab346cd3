// Slack's blocks as elements of a page. `scene` gives names, words, and what to do on a click.
import { el, link } from "./dom.js";
import { markdown, mention, plain } from "./text.js";
import { emoji } from "./words.js";

export function blocks(list, scene) {
  return list.map((block) => {
    const draw = KINDS[block.type] ?? unknown;
    return el("div", { class: `block ${block.type}` }, ...draw(block, scene));
  });
}

const KINDS = {
  rich_text: (block, scene) => block.elements.map((part) => rich(part, scene)),
  markdown: (block) => markdown(block.text),
  task_card: (block) => [card(block)],
  plan: (block) => [el("b", {}, block.title), ...(block.tasks ?? []).map(card)],
  section: (block, scene) => [
    el("div", { class: "text" },
      ...(block.text ? plain(block.text, scene.names) : []),
      ...(block.fields ?? []).map((f) => el("div", { class: "field" }, ...plain(f, scene.names)))),
    block.accessory ? element(block.accessory, block, scene) : null,
  ],
  context: (block, scene) => block.elements.map((part) =>
    el("span", {}, ...(part.type === "image" ? [part.alt_text] : plain(part, scene.names)))),
  actions: (block, scene) => block.elements.map((part) => element(part, block, scene)),
  context_actions: (block, scene) => block.elements.map((part) => element(part, block, scene)),
  header: (block, scene) => [el("h3", {}, ...plain(block.text, scene.names))],
  divider: () => [el("hr")],
  image: (block) => [el("span", { class: "picture" }, block.alt_text)],
  input: (block, scene) => [
    el("label", {},
      el("span", { class: "label" }, ...plain(block.label, scene.names)),
      element(block.element, block, scene)),
    block.hint ? el("small", {}, ...plain(block.hint, scene.names)) : null,
  ],
};

function unknown(block) {
  return [el("pre", {}, JSON.stringify(block, null, 1))];
}

// --- rich text --------------------------------------------------------------------

export const card = (task) =>
  el("div", { class: "task" }, `${task.status === "complete" ? "✓" : "…"} ${task.title}`);

function rich(part, scene) {
  const inside = () => part.elements.map((piece) => run(piece, scene));
  switch (part.type) {
    case "rich_text_section": return el("div", { class: "line" }, ...inside());
    case "rich_text_preformatted": return el("pre", {}, ...inside());
    case "rich_text_quote": return el("blockquote", {}, ...inside());
    case "rich_text_list": return list(part, scene);
    default: return el("pre", {}, JSON.stringify(part));
  }
}

function list(part, scene) {
  const items = part.elements.map((item) =>
    el("li", {}, ...item.elements.map((piece) => run(piece, scene))));
  const kind = `indent${Math.min(part.indent ?? 0, 6)}`;
  if (part.style === "ordered") return el("ol", { start: (part.offset ?? 0) + 1, class: kind }, items);
  return el("ul", { class: kind }, items);
}

function run(piece, scene) {
  switch (piece.type) {
    case "text": return dressed(piece.text, piece.style ?? {});
    case "link": return link(piece.url, piece.text ?? piece.url);
    case "user": return mention(scene.names[piece.user_id] ?? piece.user_id);
    case "channel": return mention(scene.names[piece.channel_id] ?? piece.channel_id);
    case "usergroup": return mention(scene.names[piece.usergroup_id] ?? piece.usergroup_id);
    case "broadcast": return mention(`@${piece.range}`);
    case "emoji": return emoji(piece.name);
    default: return JSON.stringify(piece);
  }
}

function dressed(text, style) {
  let made = text;
  for (const [name, tag] of [["code", "code"], ["bold", "b"], ["italic", "i"], ["strike", "s"]]) {
    if (style[name]) made = el(tag, {}, made);
  }
  return made;
}

// --- elements ---------------------------------------------------------------------

function element(part, block, scene) {
  const draw = ELEMENTS[part.type];
  return draw ? draw(part, block, scene) : el("code", {}, part.type);
}

const ELEMENTS = {
  button: (part, block, scene) => {
    const press = () => {
      const asked = part.confirm;
      if (asked && !window.confirm(`${asked.title.text}\n${asked.text.text}`)) return;
      if (part.url) window.open(part.url, "_blank", "noopener,noreferrer");
      scene.click(part.action_id, part.value);
    };
    const kind = `button ${part.style ?? ""} ${part.url ? "out" : ""}`;
    return el("button", { type: "button", class: kind, title: part.url, onclick: press }, ...plain(part.text, scene.names));
  },
  feedback_buttons: (part, block, scene) => el("span", { class: "thumbs" },
    ...[["👍", part.positive_button], ["👎", part.negative_button]].map(([thumb, button]) =>
      el("button", {
        type: "button", class: "thumb", title: button.text.text, "aria-label": button.text.text,
        onclick: (event) => {
          for (const other of event.target.parentElement.children) other.classList.remove("pressed");
          event.target.classList.add("pressed");
          scene.click(part.action_id, button.value);
        },
      }, thumb))),
  icon_button: (part, block, scene) => el("button", {
    type: "button", class: "thumb", title: part.text.text,
    onclick: () => scene.click(part.action_id, part.value),
  }, part.icon === "trash" ? "🗑" : part.text.text),
  plain_text_input: (part, block) => el(part.multiline ? "textarea" : "input", {
    "data-block": block.block_id ?? "", "data-action": part.action_id, "data-type": part.type,
    placeholder: part.placeholder?.text, maxLength: part.max_length, rows: part.multiline ? 4 : null,
    value: part.initial_value ? String(part.initial_value) : null, required: !block.optional,
  }),
  radio_buttons: (part, block, scene) => choices(part, block, scene, "radio"),
  checkboxes: (part, block, scene) => choices(part, block, scene, "checkbox"),
  static_select: (part, block, scene) => select(part, block, scene),
  overflow: (part, block, scene) => select(part, block, scene),
};

function choices(part, block, scene, kind) {
  const initial = new Set([part.initial_option, ...(part.initial_options ?? [])].map((o) => o?.value));
  return el("span", { class: "choices" }, ...part.options.map((option) =>
    el("label", {},
      el("input", {
        type: kind, name: part.action_id, value: option.value, checked: initial.has(option.value),
        required: kind === "radio" && block.type === "input" && !block.optional,
        "data-block": block.block_id ?? "", "data-action": part.action_id, "data-type": part.type,
        onchange: () => block.type !== "input" && scene.click(part.action_id, option.value),
      }),
      ...plain(option.text, scene.names))));
}

function select(part, block, scene) {
  const made = el("select", {
    "data-block": block.block_id ?? "", "data-action": part.action_id, "data-type": part.type,
    onchange: (event) => block.type !== "input" && scene.click(part.action_id, event.target.value),
  }, el("option", { value: "" }, part.placeholder?.text ?? (part.type === "overflow" ? "…" : scene.words.choose)),
  ...part.options.map((option) => el("option", { value: option.value }, ...plain(option.text, scene.names))));
  made.value = part.initial_option?.value ?? "";
  return made;
}

// What was filled in, as Slack says it: block → action → state.
export function filled(form) {
  const values = {};
  for (const field of form.querySelectorAll("[data-action]")) {
    const { block, action, type } = field.dataset;
    const states = (values[block] ??= {});
    const option = field.value ? { value: field.value } : null;
    if (type === "plain_text_input") states[action] = { type, value: field.value || null };
    else if (type === "radio_buttons") {
      states[action] ??= { type, selected_option: null };
      if (field.checked) states[action].selected_option = option;
    } else if (type === "checkboxes") {
      states[action] ??= { type, selected_options: [] };
      if (field.checked) states[action].selected_options.push(option);
    } else states[action] = { type, selected_option: option };
  }
  return values;
}
