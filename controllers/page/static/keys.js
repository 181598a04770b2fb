// The keys of the page, declared once: what they do and what the help says of them.

import { press, toggle } from "./show.js";
import { el } from "./widgets.js";

const KEYS = [
  ["B", "blackout", () => toggle("blackout")],
  ["F", "freeze the picture", () => toggle("freeze")],
  ["H", "hush: the safe look", () => toggle("hush")],
  ["A", "autopilot", () => toggle("autopilot")],
  ["Space", "tap the tempo", () => press("tap")],
  ["N", "the next preset, now", () => press("next.now")],
  ["1 … 9", "presets of the set by their numbers", (key) => press(`preset.${key}`)],
  ["T", "record a take of all hands; end it", () => toggle("take")],
  ["Y", "the newest take again over the show; stop it", () => press("take.again")],
  ["R", "give all that hands hold back to the look", () => press("reset")],
  ["Ctrl Z", "undo", () => press("undo")],
  ["Ctrl Shift Z", "redo", () => press("redo")],
  ["?", "these keys", () => help()],
];
const ELSEWHERE = [
  ["← →", "on a fader: a step; with Shift a large one; Home and End"],
  ["Delete", "on a fader: let go, the look moves it again"],
  ["Enter", "in words: send them now"],
  ["Ctrl Enter", "in words: send them on the next bar"],
  ["Ctrl S", "in a file: save it"],
  ["Tab, ← →", "from control to control, from room to room"],
  ["Esc", "from a control to the rooms"],
];

const node = () => document.querySelector("#help");

// Shows all keys; the same key, Escape or a touch beside them closes.
export function help() {
  if (node().open) { node().close(); return; }
  const rows = (list) => list.flatMap(([keys, what]) => [el("dt", {}, el("kbd", {}, keys)), el("dd", {}, what)]);
  node().replaceChildren(el("h2", {}, "keys, wherever you are"), el("dl", { class: "keys" }, ...rows(KEYS)),
    el("h2", {}, "on what is chosen"), el("dl", { class: "keys" }, ...rows(ELSEWHERE)),
    el("button", { class: "push", onclick: () => node().close() }, "close"));
  node().showModal();
}

// The name of a pressed key as KEYS has it.
function named(event) {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  if (event.ctrlKey || event.metaKey) return `Ctrl ${event.shiftKey ? "Shift " : ""}${key}`;
  return { " ": "Space" }[key] ?? (/^[1-9]$/.test(key) ? "1 … 9" : key);
}

function pressed(event) {
  if (event.target.matches("input, textarea, select")) return;
  const name = named(event);
  if (event.altKey || (node().open && name !== "?")) return;
  if (event.target.matches("button, summary, [role=button], [role=slider]") && ["Space", "Enter"].includes(name)) return;
  const row = KEYS.find(([keys]) => keys === name);
  if (!row) return;
  event.preventDefault();
  row[2](event.key);
}

export function listen() {
  document.addEventListener("keydown", pressed);
  node().addEventListener("click", (event) => { if (event.target === node()) node().close(); });
}
