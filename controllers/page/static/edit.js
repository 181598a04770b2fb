// The show's files, edited here: mistakes are told as one types, saved ones are on the screen at once.

import { el, hears, panel } from "./widgets.js";
import { ask, show } from "./show.js";

const drafts = new Map(); // name -> text that was not saved
let chosen = "";

export function edit(room) {
  if (!show.files.includes(chosen)) chosen = show.files[0] ?? "";
  const choose = el("select", { "aria-label": "file", onchange: () => { chosen = choose.value; load(); } }, ...show.files.map((name) => el("option", { value: name }, name)));
  const field = el("textarea", { class: "code", spellcheck: "false", "aria-label": "text of the file", wrap: "off" });
  const numbers = el("pre", { "aria-hidden": "true" });
  const told = el("ul", { class: "mistakes", "aria-live": "polite" });
  const say = (text, kind = "") => told.replaceChildren(el("li", { class: kind }, text));
  let timer = 0;
  const draw = (wrong = []) => {
    const lines = field.value.split("\n").length;
    numbers.replaceChildren(...Array.from({ length: lines }, (_, n) => el("span", { class: wrong.includes(n + 1) ? "wrong" : "" }, `${n + 1}\n`)));
    numbers.scrollTop = field.scrollTop;
  };
  const check = async () => {
    const text = field.value;
    try {
      const found = await ask("check", chosen, text);
      if (field.value !== text) return;
      draw(found.filter(({ file }) => chosen.endsWith(file)).map(({ line }) => line));
      if (!found.length) say("as it should be", "right");
      else told.replaceChildren(...found.map(({ file, line, message }) => el("li", { class: "wrong", onclick: () => go(line) }, `${file}:${line ?? "?"}: ${message}`)));
    } catch (error) { say(error.message, "wrong"); }
  };
  const go = (line) => {
    const at = field.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    field.focus();
    field.setSelectionRange(at, at);
  };
  const load = async () => {
    if (!chosen) return;
    try {
      field.value = drafts.get(chosen) ?? await ask("read", chosen);
      draw();
      check();
    } catch (error) { say(error.message, "wrong"); }
  };
  const save = async (name = "") => {
    try {
      const written = await ask("save", chosen, field.value, name);
      drafts.delete(chosen);
      say(`saved ${written}`, "right");
    } catch (error) { say(error.message, "wrong"); }
  };
  field.addEventListener("input", () => {
    drafts.set(chosen, field.value);
    draw();
    clearTimeout(timer);
    timer = setTimeout(check, 300);
  });
  field.addEventListener("scroll", () => { numbers.scrollTop = field.scrollTop; });
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); save(); }
  });
  const name = el("input", { placeholder: "new name", "aria-label": "new name", onkeydown: (event) => event.stopPropagation() });
  hears(field, "fresh", load);
  room.append(panel("files of the show", el("div", { class: "row" }, choose,
    el("button", { class: "push", title: "Ctrl+S", onclick: () => save() }, "save"),
    el("button", { class: "push", onclick: () => { drafts.delete(chosen); load(); } }, "take back"), name,
    el("button", { class: "push", onclick: () => save(name.value.trim()) }, "save as")),
  told, el("div", { class: "editor" }, numbers, field)));
  choose.value = chosen;
  load();
}
