// The windows of the show: which display each fills, its corners pulled over its picture, test cards,
// and the rest of its mapping.

import { chosenOf, corners } from "./corners.js";
import { el, fader, hears, panel, pusher, switcher } from "./widgets.js";
import { set, show } from "./show.js";

const WINDOW = "window"; // the name of no display, as engine/render/berth.py has it
const CHANNELS = ["brightness", "contrast", "gamma", "red", "green", "blue"];
const TURNS = [[0, "0°"], [90, "90°"], [180, "180°"], [270, "270°"]];
const FLIPS = [["none", "no"], ["x", "x"], ["y", "y"], ["both", "both"]];
const open = new Set(); // fine adjustments that are open

export function outputs(room) {
  const draw = () => { // a switch that changed the room keeps the keyboard
    const address = room.contains(document.activeElement) ? document.activeElement.dataset.address : undefined;
    room.replaceChildren(...[all(), ...show.outputs.map((_, n) => one(n))].filter(Boolean));
    if (address) room.querySelector(`[data-address="${CSS.escape(address)}"]`)?.focus();
  };
  let seen = shape();
  const again = () => { if (shape() !== seen) { seen = shape(); draw(); } };
  hears(room, "outputs", again);
  draw();
  return again;
}

const shape = () => JSON.stringify(show.outputs.map(({ name, grid, crop, rotate }, n) =>
  [name, grid && [grid.columns, grid.rows], rotate, show.controls.has(`output.${n + 1}.gamma`)]));

function all() {
  return panel("displays", map(), el("div", { class: "row even" },
    pusher("output.identify", "identify", "every output shows its name for some seconds"),
    switcher("output.fullscreen", "full screen"), switcher("output.test_card", "test cards")),
  el("div", { class: "row even" }, pusher("output.undo", "undo"), pusher("output.redo", "redo"),
    pusher("output.save", "save into the rig", "displays, corners and all else, for the next evening")));
}

// The displays as they stand beside each other, with the outputs on them.
function map() {
  const node = el("ul", { class: "displays", "aria-label": "displays as they stand" });
  const waits = el("p", { class: "hint", role: "status" });
  const draw = () => {
    const { displays } = show;
    const [left, top] = [0, 1].map((k) => Math.min(...displays.map(({ place }) => place[k])));
    const [width, height] = [0, 1].map((k) => Math.max(...displays.map(({ place, size }) => place[k] + size[k])) - [left, top][k]);
    node.style.setProperty("--shape", displays.length ? width / height : 4);
    node.replaceChildren(...displays.map(({ name, place, size, hz, main, outputs: on }) => {
      const box = el("li", { class: on.length ? "filled" : "" }, el("b", {}, on.join(", ") || "–"), el("span", {}, name), el("small", {}, `${size[0]} × ${size[1]}`), el("small", {}, `${Math.round(hz)} Hz${main ? " · yours" : ""}`));
      for (const [side, share] of [["left", (place[0] - left) / width], ["top", (place[1] - top) / height], ["width", size[0] / width], ["height", size[1] / height]]) box.style[side] = `${100 * share}%`;
      return box;
    }));
    node.hidden = !displays.length;
    const gone = show.outputs.filter(({ there }) => there === false).map(({ name, display }) => `${name} waits for ${display}`);
    waits.textContent = displays.length ? gone.join("; ") : "The outputs are on no display here.";
    waits.hidden = !waits.textContent;
  };
  for (const what of ["displays", "outputs"]) hears(node, what, draw);
  draw();
  return el("div", {}, node, waits);
}

function one(n) {
  const output = show.outputs[n], place = `output.${n + 1}`, hand = chosenOf(n);
  const sheet = el("div", { class: "sheet" });
  const draw = () => sheet.replaceChildren(...corners(n));
  const kinds = output.grid && radios("handles", [["corner", "corners"], ["point", "points"]], () => hand.kind, (kind) => { Object.assign(hand, { kind, k: 0 }); draw(); });
  draw();
  return panel(output.name, display(n), sheet,
    el("div", { class: "row" }, switcher(`${place}.test_card`, "test card"), switcher(`${place}.grid`, "grid"), kinds, pusher(`${place}.reset`, "straight again")),
    fine(n));
}

// On which display it is, or in a window.
function display(n) {
  const address = `output.${n + 1}.display`;
  const select = el("select", { "aria-label": `display of ${show.outputs[n].name}` });
  const draw = () => {
    const names = show.controls.get(address)?.choices ?? [], now = show.values[address] ?? WINDOW;
    const option = (name, text) => el("option", { value: name, selected: name === now }, text);
    select.replaceChildren(...names.map((name) => option(name, told(name))), ...(names.includes(now) ? [] : [option(now, `${now} (not there)`)]));
    select.value = now;
  };
  select.addEventListener("change", () => set(address, select.value));
  hears(select, `value ${address}`, draw);
  hears(select, "displays", draw);
  draw();
  return el("label", { class: "row" }, el("span", {}, "on"), select);
}

function told(name) {
  const display = show.displays.find((one) => one.name === name);
  if (!display) return name === WINDOW ? "a window" : name;
  return `${name} · ${display.size.join("×")} · ${Math.round(display.hz)} Hz${display.main ? " · yours" : ""}`;
}

function fine(n) {
  const place = `output.${n + 1}`, named = (keys, head = "") => keys.map((key) => share(`${place}.${head}${key}`, key));
  const node = el("details", { class: "fine" }, el("summary", {}, "picture, colour, edges"),
    el("div", { class: "row" }, el("span", {}, "turned"), radios("turned", TURNS, () => show.values[`${place}.rotate`], (turn) => set(`${place}.rotate`, turn), `${place}.rotate`)),
    el("div", { class: "row" }, el("span", {}, "mirrored"), radios("mirrored", FLIPS, () => show.values[`${place}.flip`], (flip) => set(`${place}.flip`, flip), `${place}.flip`)),
    group("colour of this output", named(CHANNELS)),
    group("edges that overlap a neighbour's, share of the picture", named(["left", "right", "top", "bottom", "gamma", "black"], "blend.")),
    group("which share of the picture is shown", named(["left", "bottom", "width", "height"], "crop.")),
    el("div", { class: "row" }, switcher(`${place}.edit`, "handles on the output itself"), pusher("output.next_point", "next handle")));
  node.open = open.has(n);
  node.addEventListener("toggle", () => { if (node.open) open.add(n); else open.delete(n); });
  return node;
}

// A fader; of what a share is one is told by the words above it.
function share(address, name) {
  const row = show.controls.get(address);
  if (row) row.unit = "";
  return fader(address, name);
}

const group = (title, nodes) => el("div", { class: "group", role: "group", "aria-label": title }, el("h3", {}, title), ...nodes.filter(Boolean));

// One of a few; `address` is the value that it shows.
function radios(label, rows, now, choose, address = "") {
  const node = el("div", { class: "choices", role: "radiogroup", "aria-label": label },
    ...rows.map(([value, word]) => el("button", { role: "radio", onclick: () => { choose(value); draw(); } }, word)));
  const draw = () => rows.forEach(([value], k) => {
    node.children[k].setAttribute("aria-checked", String(value === now()));
    node.children[k].tabIndex = value === now() || (k === 0 && !rows.some(([other]) => other === now())) ? 0 : -1;
  });
  node.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = (Math.max(0, rows.findIndex(([value]) => value === now())) + step + rows.length) % rows.length;
    node.children[at].click();
    node.children[at].focus();
  });
  if (address) hears(node, `value ${address}`, draw);
  draw();
  return node;
}
