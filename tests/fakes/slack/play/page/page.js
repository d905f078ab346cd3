// The screen of one person: conversations, messages, a thread, a modal, and what is done.
import { blocks, filled } from "./blocks.js";
import { el } from "./dom.js";
import { message } from "./message.js";
import { trying } from "./trying.js";
import { words as wordsOf } from "./words.js";

const $ = (selector) => document.querySelector(selector);
const HOME = "home";
let shown = null;
let drawn = { messages: new Map(), replies: new Map() };

// --- where we are: in the address, so that it can be kept and sent -------------------

function place() {
  const from = new URLSearchParams(location.hash.slice(1));
  return { who: from.get("who") ?? "tanaka", where: from.get("where") ?? "", thread: from.get("thread") ?? "" };
}

function go(change, pane) {
  const to = { ...place(), ...change };
  document.body.dataset.pane = pane;
  location.hash = new URLSearchParams(Object.entries(to).filter(([, value]) => value)).toString();
}

// --- to and from the server ---------------------------------------------------------

let asking = false;
let again = false;

async function refresh() {
  if (asking) { again = true; return; }
  asking = true;
  do {
    again = false;
    const { who, where, thread } = place();
    const response = await fetch(`/screen?${new URLSearchParams({ who, where, thread })}`);
    const screen = await response.json();
    if (!response.ok) { say(screen.error); break; }
    shown = screen;
    draw();
  } while (again);
  asking = false;
}

async function act(wish) {
  const body = JSON.stringify({ who: place().who, where: place().where, ...wish });
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("/act", { method: "POST", headers, body });
  if (!response.ok) say((await response.json()).error);
  return response.ok;
}

function say(text) {
  const line = $("#said");
  line.textContent = text;
  line.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { line.hidden = true; }, 5000);
}

// --- drawing -----------------------------------------------------------------------

function scene() {
  const { names, me } = shown;
  return { names, me, bot: shown.bot, words: wordsOf(me.locale), act, edit, open: (root) => go({ thread: root }, "thread"), click: () => {} };
}

function draw() {
  const here = scene();
  document.documentElement.lang = shown.me.locale.slice(0, 2);
  drawList(here);
  drawMain(here);
  drawThread(here);
  drawModal(here);
  for (const composer of [$("#composer"), $("#replying")]) label(composer, here);
}

function title(channel, { words }) {
  return channel.kind === "im" ? words.dm : `${channel.kind === "group" ? "🔒" : "#"} ${channel.name}`;
}

function drawList(here) {
  const { words } = here;
  $("#who span").textContent = words.who;
  replaceIfChanged($("#who select"), shown.people.map((p) => [p.name, personName(p, words), shown.me.name]),
    () => shown.people.map((p) => el("option", { value: p.name, selected: p.name === shown.me.name }, personName(p, words))));
  const at = place().where;
  const entries = [...shown.channels, { id: HOME, kind: HOME, ours: true }];
  replaceIfChanged($("#channels"), [entries, at, words.home], () => entries.map((channel) =>
    el("li", {}, el("button", {
      class: channel.id === at ? "chosen" : "", onclick: () => visit(channel),
    }, channel.kind === HOME ? `🏠 ${words.home}` : title(channel, here),
    channel.shared ? el("small", {}, words.shared) : null,
    channel.ours ? null : el("small", {}, words.without)))));
  $("#trying summary").textContent = words.trying;
  replaceIfChanged($("#trying ul"), [here.me.locale, shown.channels], () => trying(here.me.locale)
    .filter((one) => shown.channels.some((channel) => channel.id === one.where))
    .map((one) => el("li", {}, el("button", { onclick: () => attempt(one) }, one.name), el("small", {}, one.after))));
  $("#refused").hidden = shown.refused.length === 0;
  $("#refused summary").textContent = words.refused(shown.refused.length);
  replaceIfChanged($("#refused ol"), shown.refused, () => shown.refused.map((line) => el("li", {}, line)));
}

function personName(person, words) {
  const more = person.guest ? words.guest : person.stranger ? words.stranger : "";
  return `${person.real_name}${more ? ` · ${more}` : ""}`;
}

function visit(channel) {
  go({ where: channel.id, thread: "" }, "main");
  if (channel.kind === HOME) act({ act: "open_home", tab: "home" });
  else if (channel.kind === "im") act({ act: "open_home", tab: "messages" });
  else act({ act: "look_at", where: channel.id });
}

function drawMain(here) {
  const { words } = here;
  const atHome = place().where === HOME;
  $("#starting").hidden = shown.listening;
  $("#starting").textContent = words.starting;
  $("#home").hidden = !atHome;
  $("#messages").hidden = $("#composer").hidden = atHome || !shown.here;
  $("#main h2").textContent = atHome ? `🏠 ${words.home}` : shown.here ? title(shown.here, here) : "";
  $("#main .about").textContent = shown.here && shown.here.kind !== "im" ? words.members(shown.here.members) : "";
  if (atHome) drawHome(here);
  if (shown.here) drawMessages($("#messages"), drawn.messages, shown.here.messages, { ...here, place: "main" });
}

function drawHome(here) {
  const view = shown.home;
  replaceIfChanged($("#home"), [view, here.me.locale], () => {
    if (!view) return [el("p", { class: "empty" }, here.words.empty)];
    return blocks(view.blocks, { ...here, click: (action, value) => act({ act: "click", view: view.id, action, value }) });
  });
}

function drawThread(here) {
  const open = shown.thread !== null && shown.thread.messages.length > 0;
  $("#thread").hidden = !open;
  document.body.classList.toggle("threaded", open);
  if (!open) {
    if (document.body.dataset.pane === "thread") document.body.dataset.pane = "main";
    return;
  }
  $("#thread h2").textContent = here.words.thread;
  $("#thread .about").textContent = shown.here.kind === "im" ? "" : title(shown.here, here);
  drawMessages($("#replies"), drawn.replies, shown.thread.messages, { ...here, place: "thread" });
}

// Only what changed is drawn anew, so that nothing jumps under a finger.
function drawMessages(container, known, messages, here) {
  const low = container.scrollHeight - container.scrollTop - container.clientHeight < 40;
  const kept = new Map();
  const nodes = messages.map((one) => {
    const key = JSON.stringify([one, here.me.id, here.place, shown.thread?.status]);
    const before = known.get(one.ts);
    const node = before?.key === key ? before.node : message(one, here, shown);
    kept.set(one.ts, { key, node });
    return node;
  });
  known.clear();
  for (const [ts, entry] of kept) known.set(ts, entry);
  if (container.children.length !== nodes.length || nodes.some((node, at) => container.children[at] !== node)) {
    container.replaceChildren(...nodes);
    if (low) container.scrollTop = container.scrollHeight;
  }
}

function drawModal(here) {
  const view = shown.modal;
  const dialog = $("#modal");
  if (!view) { if (dialog.open) dialog.close(); return; }
  replaceIfChanged($("#modal form"), [view.id, view.hash], () => [
    el("h2", {}, view.title.text),
    el("div", { class: "views" }, ...blocks(view.blocks, { ...here, click: (action, value) => act({ act: "click", view: view.id, action, value }) })),
    el("footer", {},
      el("button", { type: "button", class: "button", onclick: () => act({ act: "close" }) }, view.close?.text ?? here.words.close),
      view.submit ? el("button", { class: "button primary" }, view.submit.text) : null),
  ]);
  if (!dialog.open) dialog.showModal();
}

function replaceIfChanged(container, value, make) {
  const key = JSON.stringify(value);
  if (container.dataset.key === key) return;
  container.dataset.key = key;
  container.replaceChildren(...make());
}

// --- writing -----------------------------------------------------------------------

let edited = null;

function edit(one) {
  const composer = document.querySelector(one.place === "thread" ? "#replying" : "#composer");
  edited = { ts: one.ts, composer };
  composer.elements.text.value = one.written;
  label(composer, scene());
  composer.elements.text.focus();
}

function label(composer, here) {
  if (!composer.elements.text) furnish(composer);
  const editing = edited?.composer === composer;
  const name = shown.here ? title(shown.here, here) : "";
  composer.elements.text.placeholder = composer.id === "replying" ? here.words.reply : here.words.write(name);
  composer.elements.send.textContent = editing ? here.words.saving : here.words.send;
  composer.elements.leave.textContent = here.words.cancel;
  composer.elements.leave.hidden = !editing;
  if (composer.id === "composer") {
    const offered = shown.here?.prompts;
    replaceIfChanged(composer.querySelector(".prompts"), [offered, here.me.locale], () => (offered?.prompts ?? []).map((prompt) =>
      el("button", { type: "button", class: "button", onclick: () => act({ act: "say", text: prompt.message }) }, prompt.title)));
  }
}

function furnish(composer) {
  const insert = (text) => () => {
    const box = composer.elements.text;
    if (!box.value.startsWith(text)) box.value = text + box.value;
    box.focus();
  };
  composer.append(
    el("div", { class: "prompts" }),
    el("textarea", { name: "text", rows: "2", onkeydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); composer.requestSubmit(); }
    } }),
    el("div", { class: "tools" },
      el("button", { type: "button", class: "small", onclick: insert("@shirube ") }, "@shirube"),
      composer.id === "composer" ? el("button", { type: "button", class: "small", onclick: insert("/ask ") }, "/ask") : null,
      el("span", { class: "gap" }),
      el("button", { type: "button", name: "leave", class: "small", hidden: true, onclick: () => stopEditing(composer) }),
      el("button", { name: "send", class: "button primary" })));
}

function stopEditing(composer) {
  edited = null;
  composer.elements.text.value = "";
  label(composer, scene());
}

async function send(composer) {
  const text = composer.elements.text.value.trim();
  if (!text) return;
  const thread = composer.id === "replying" ? place().thread : null;
  const wish = edited?.composer === composer ? { act: "edit", ts: edited.ts, text } : { act: "say", text, thread };
  composer.elements.text.value = "";
  const list = composer.parentElement.querySelector(".messages");
  list.scrollTop = list.scrollHeight;
  if (await act(wish)) stopEditing(composer);
  else composer.elements.text.value = text;
}

// Goes where it can be tried and writes it down there; sending is left to who tries.
async function attempt(one) {
  go({ where: one.where, thread: "" }, "main");
  await refresh();
  const root = one.thread && shown.here.messages.find((said) => said.text.startsWith(one.thread));
  if (root) {
    go({ thread: root.ts }, "thread");
    await refresh();
  }
  const composer = $(root ? "#replying" : "#composer");
  composer.elements.text.value = one.text;
  composer.elements.text.focus();
}

// --- beginning ----------------------------------------------------------------------

for (const composer of [$("#composer"), $("#replying")]) {
  composer.addEventListener("submit", (event) => { event.preventDefault(); send(composer); });
}
for (const back of document.querySelectorAll(".back")) {
  back.addEventListener("click", () => { document.body.dataset.pane = back.dataset.to; });
}
$("#thread .leave").addEventListener("click", () => go({ thread: "" }, "main"));
$("#who select").addEventListener("change", (event) => {
  const where = place().where === HOME ? HOME : "";
  go({ who: event.target.value, where, thread: "" }, document.body.dataset.pane);
  act({ act: "reload" });
});
$("#modal").addEventListener("cancel", (event) => { event.preventDefault(); act({ act: "close" }); });
$("#modal form").addEventListener("submit", (event) => {
  event.preventDefault();
  act({ act: "submit", values: filled(event.target) });
});

async function begin() {
  await refresh();
  if (shown && place().where !== HOME && !shown.here) {
    const first = shown.channels.find((channel) => channel.ours) ?? shown.channels[0];
    go({ where: first.id, thread: "" }, document.body.dataset.pane);
  }
}

window.addEventListener("hashchange", begin);
document.body.dataset.pane = place().thread ? "thread" : place().where ? "main" : "list";
await begin();
new EventSource("/changes").addEventListener("message", refresh);
