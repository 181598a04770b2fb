// What hands touch: faders, buttons, pads, words. Each is made of a row of the parameter list, shows
// what the show says, and sends what a hand does. All can be reached with the keyboard.

import { glide, pickUp, reach, way } from "./ghosts.js";
import { on, press, release, set, show, toggle } from "./show.js";

const STEPS = 200;
const CURVES = { // there and back, as engine/tapers.py has them
  linear: [(p) => p, (s) => s],
  square: [(p) => p * p, Math.sqrt],
  root: [Math.sqrt, (s) => s * s],
  centre: [
    (p) => { const q = 2 * p - 1; return 0.5 + 0.5 * q * Math.abs(q); },
    (s) => { const q = 2 * s - 1; return 0.5 + 0.5 * Math.sign(q) * Math.sqrt(Math.abs(q)); },
  ],
};

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "style") node.style.cssText = value; // an attribute would be refused (CSP)
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

// A function that stops hearing once its node has left the page.
export function hears(node, what, hear) {
  let shown = false;
  const stop = on(what, (value) => {
    if (node.isConnected) { shown = true; hear(value); } else if (shown) stop();
  });
}

export function place(row, value) {
  if (row.curve === "log") return Math.log(value / row.low) / Math.log(row.high / row.low);
  return (CURVES[row.curve] ?? CURVES.linear)[1](clamp((value - row.low) / (row.high - row.low)));
}

export function valueAt(row, p) {
  const share = row.curve === "log" ? 0 : (CURVES[row.curve] ?? CURVES.linear)[0](clamp(p));
  const value = row.curve === "log" ? row.low * (row.high / row.low) ** clamp(p)
    : row.low + (row.high - row.low) * share;
  return row.whole ? Math.round(value) : value;
}

export const clamp = (x) => Math.min(1, Math.max(0, Number.isFinite(x) ? x : 0));

export function say(row, value) {
  if (typeof value !== "number") return String(value ?? "");
  const span = row?.low === undefined ? 1 : row.high - row.low;
  const text = row?.whole ? String(Math.round(value))
    : value.toFixed(span >= 100 ? 0 : span >= 10 ? 1 : 2);
  return row?.unit ? `${text} ${row.unit}` : text;
}

export function label(address) {
  const parts = address.split(".");
  return parts[parts.length - 1].replaceAll("_", " ");
}

// In learning, a touch names the address that the next moved knob is for.
export function learns(node, address) {
  node.dataset.address = address;
  node.addEventListener("pointerdown", (event) => {
    if (!show.learning) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    set("learn", address);
    document.querySelectorAll(".learns").forEach((other) => other.classList.remove("learns"));
    node.classList.add("learns");
  }, true);
}

// A number: a bar to be pulled, let go of with a double click, Delete, or the cross that comes with
// a hand's value. Beside the hand's mark goes a ghost: where the show has it. A hollow mark is where
// a knob stands that is to be moved here; a line below, how far the look moved it of late.
export function fader(address, name = label(address)) {
  const row = show.controls.get(address);
  if (!row || row.low === undefined) return null;
  const rest = row.low < 0 && row.high > 0 ? place(row, 0) : 0; // what goes both ways grows from its rest
  const fill = el("i"), mark = el("em"), ghost = el("u"), knob = el("b", { "aria-hidden": "true" }), said = el("output");
  const marks = [el("s", { class: "drift" }), el("s", { class: "path" }), row.moved ? el("s", { class: "reach" }) : null];
  const moved = row.moved ? row.moved.replace(/\s+/g, " ") : "";
  const free = el("button", { class: "free", title: "let go: the look moves it again", "aria-label": `let go of ${name}`, tabindex: -1 }, "×");
  const node = el("div", {
    class: `fader ${moved ? "moved" : ""} ${row.based ? "based" : ""}`, role: "slider", tabindex: 0, "aria-label": name,
    "aria-valuemin": row.low, "aria-valuemax": row.high,
  }, fill, ...marks.filter(Boolean), ghost, mark, knob, el("span", {}, name), moved ? el("small", {}, `ƒ ${moved}`) : null, said, free);
  const explain = (more) => {
    const words = [row.help, moved && `moved by ${moved}${row.based ? "" : ", until a hand takes it"}`, more].filter(Boolean).join("\n");
    if (node.title !== words) node.title = words;
  };
  const wait = (at, shown) => {
    const stands = show.knobs[address], from = stands && place(row, stands[0]), up = stands ? way(from, at) : 0;
    node.classList.toggle("waits", up !== 0);
    explain(stands && pickUp(stands, shown, up, (value) => say(row, value)));
    if (!up) return;
    node.classList.toggle("down", up < 0);
    node.style.setProperty("--knob", from);
  };
  const haunt = () => {
    const ghost = address in show.held ? show.ghosts[address] : undefined, fresh = !node.classList.contains("haunted");
    node.classList.toggle("haunted", ghost !== undefined);
    if (ghost !== undefined) glide(node, "--ghost", place(row, ghost), fresh);
  };
  const draw = () => {
    const value = show.values[address] ?? row.default, hand = show.held[address];
    const shown = typeof hand === "number" ? hand : value, at = place(row, shown);
    node.style.setProperty("--from", Math.min(at, rest));
    node.style.setProperty("--to", Math.max(at, rest));
    node.style.setProperty("--at", at);
    node.classList.toggle("held", hand !== undefined);
    haunt();
    wait(at, shown);
    said.textContent = say(row, shown);
    node.setAttribute("aria-valuenow", shown);
    node.setAttribute("aria-valuetext", say(row, shown));
  };
  const put = (value) => { set(address, value); show.held[address] = value; draw(); };
  drag(node, (event, box) => put(valueAt(row, (event.clientX - box.left) / box.width)));
  node.addEventListener("dblclick", () => release(address));
  node.addEventListener("keydown", (event) => {
    const now = place(row, show.held[address] ?? show.values[address] ?? row.default);
    const step = row.whole ? 1 / (row.high - row.low) : (event.shiftKey ? 0.1 : 1 / STEPS * 2);
    const to = { ArrowRight: now + step, ArrowUp: now + step, ArrowLeft: now - step, ArrowDown: now - step, Home: 0, End: 1 }[event.key];
    if (to !== undefined) { put(valueAt(row, to)); event.preventDefault(); }
    if (event.key === "Delete" || event.key === "Backspace") { release(address); event.preventDefault(); }
  });
  free.addEventListener("pointerdown", (event) => event.stopPropagation());
  free.addEventListener("click", () => release(address));
  learns(node, address);
  hears(node, `value ${address}`, draw);
  hears(node, `held ${address}`, draw);
  hears(node, `knobs ${address}`, draw);
  hears(node, `ghosts ${address}`, haunt);
  if (moved) {
    const far = reach();
    hears(node, "now", () => {
      const value = address in show.held ? show.ghosts[address] : show.values[address];
      if (typeof value !== "number") return;
      far(place(row, value)).forEach((at, n) => glide(node, n ? "--high" : "--low", at));
    });
  }
  draw();
  return node;
}

// Follow a finger from its first touch to its end, wherever it goes meanwhile. A finger that goes
// up or down first wants to scroll.
export function drag(node, move, done = () => {}) {
  let box = null;
  const end = () => { if (box) { box = null; node.classList.remove("moving"); done(); } };
  node.addEventListener("pointerdown", (event) => {
    if (event.button || show.learning) return;
    box = node.getBoundingClientRect();
    node.classList.add("moving");
    node.setPointerCapture(event.pointerId);
    move(event, box);
  });
  node.addEventListener("pointermove", (event) => { if (box) move(event, box); });
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
  node.addEventListener("lostpointercapture", end);
}

// A switch that stays; `kind` colours it.
export function switcher(address, name = label(address), kind = "") {
  const node = el("button", { class: `switch ${kind}`, "aria-pressed": "false", title: show.controls.get(address)?.help ?? "" }, name);
  const draw = () => node.setAttribute("aria-pressed", String((show.values[address] ?? 0) > 0.5));
  node.addEventListener("click", () => { if (!show.learning) toggle(address); });
  learns(node, address);
  hears(node, `value ${address}`, draw);
  draw();
  return node;
}

// A number that is 0 or 1.
export function either(address, name = label(address)) {
  const on = () => (show.held[address] ?? show.values[address] ?? 0) > 0.5;
  const node = el("button", { class: "switch", "aria-pressed": "false", title: show.controls.get(address)?.help ?? "" }, name);
  const draw = () => {
    node.setAttribute("aria-pressed", String(on()));
    node.classList.toggle("held", address in show.held);
    node.classList.toggle("haunted", address in show.held && address in show.ghosts && (show.ghosts[address] > 0.5) !== on());
  };
  node.addEventListener("click", () => { if (!show.learning) { set(address, on() ? 0 : 1); draw(); } });
  node.addEventListener("keydown", (event) => { if (event.key === "Delete" || event.key === "Backspace") { release(address); event.preventDefault(); } });
  learns(node, address);
  for (const what of ["value", "held", "ghosts"]) hears(node, `${what} ${address}`, draw);
  draw();
  return node;
}

export function pusher(address, name = label(address), title = "") {
  const node = el("button", { class: "push", title }, name);
  node.addEventListener("click", () => { if (!show.learning) press(address); });
  learns(node, address);
  return node;
}

// The finger's beginning counts, not its end; a key has no beginning.
export function taps(node) {
  learns(node, "tap");
  node.addEventListener("pointerdown", (event) => { if (!event.button && !show.learning) press("tap"); });
  node.addEventListener("click", (event) => { if (event.detail === 0 && !show.learning) press("tap"); });
  return node;
}

export const tapper = (kind) => taps(el("button", { class: kind, title: "tap the tempo, four times or more" }, "tap"));

// Two numbers under one finger; both are let go of with a double click.
export function pad(x, y, name, springs = false) {
  const rows = [x, y].map((address) => show.controls.get(address));
  if (rows.some((row) => !row)) return null;
  const dot = el("i"), ghost = el("u"), knob = el("b");
  const node = el("div", {
    class: `pad ${rows.some(({ based }) => based) ? "based" : ""}`, tabindex: 0, role: "group",
    "aria-label": `${name}: arrows move ${x} and ${y}`, title: [`${x}, ${y}: double click lets go`, ...rows.filter((row) => row.moved).map((row) => `${row.name} is moved by ${row.moved}`)].join("\n"),
  }, el("span", {}, name), dot, ghost, knob);
  const at = (n, address) => place(rows[n], show.held[address] ?? show.values[address] ?? rows[n].default);
  const draw = () => {
    const here = [at(0, x), at(1, y)];
    const other = (all) => [x, y].map((address, n) => (address in all ? place(rows[n], [all[address]].flat()[0]) : here[n]));
    const stands = other(show.knobs);
    [["--x", here[0]], ["--y", here[1]], ["--knob-x", stands[0]], ["--knob-y", stands[1]]].forEach(([property, value]) => node.style.setProperty(property, value));
    node.classList.toggle("held", x in show.held || y in show.held);
    node.classList.toggle("waits", stands.some((one, n) => way(one, here[n])));
    const seen = [x, y].some((address) => address in show.held && address in show.ghosts), fresh = !node.classList.contains("haunted");
    node.classList.toggle("haunted", seen);
    if (seen) other(show.ghosts).forEach((one, n) => glide(node, n ? "--ghost-y" : "--ghost-x", one, fresh));
  };
  const put = (px, py) => {
    for (const [address, row, p] of [[x, rows[0], px], [y, rows[1], py]]) {
      set(address, valueAt(row, p));
      show.held[address] = show.values[address];
    }
    draw();
  };
  const free = () => { release(x); release(y); };
  drag(node, (event, box) => put(clamp((event.clientX - box.left) / box.width), clamp(1 - (event.clientY - box.top) / box.height)), () => { if (springs) free(); });
  node.addEventListener("dblclick", free);
  node.addEventListener("keydown", (event) => {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (way) { put(at(0, x) + way[0] / 50, at(1, y) + way[1] / 50); event.preventDefault(); }
    if (event.key === "Delete" || event.key === "Backspace") free();
  });
  for (const what of ["value", "held", "ghosts", "knobs"]) for (const address of [x, y]) hears(node, `${what} ${address}`, draw);
  draw();
  return node;
}

// Words: Enter sends them now, Ctrl+Enter (or the button) on the next bar; Escape takes back. What is
// typed and not sent stays with its look, wherever the finger goes meanwhile.
const unsent = new Map(); // look and address -> words
export function words(address, name) {
  const key = `${show.now.playing} ${address}`;
  const field = el("textarea", { rows: 1, spellcheck: "false", "aria-label": name, placeholder: name });
  const node = el("div", { class: "words" }, field,
    el("button", { class: "push", title: "Enter", onclick: () => put("") }, "now"),
    el("button", { class: "push", title: "Ctrl+Enter", onclick: () => put(".bar") }, "on the bar"));
  const said = () => show.values[address] ?? "";
  const draw = () => {
    if (document.activeElement !== field && !node.classList.contains("waits")) field.value = unsent.get(key) ?? said();
    if (field.value === said()) node.classList.remove("waits");
    grow();
  };
  const grow = () => {
    node.classList.toggle("unsent", unsent.has(key));
    field.title = unsent.has(key) ? "not sent yet: Enter sends, Escape takes back" : "";
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  const put = (when) => {
    unsent.delete(key);
    if (when) { set(address + when, field.value); node.classList.add("waits"); } else set(address, field.value);
    field.blur();
    grow();
  };
  field.addEventListener("input", () => {
    if (field.value === said()) unsent.delete(key); else unsent.set(key, field.value);
    grow();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); put(event.ctrlKey || event.metaKey ? ".bar" : ""); }
    if (event.key === "Escape") { unsent.delete(key); field.value = said(); node.classList.remove("waits"); field.blur(); grow(); }
    event.stopPropagation();
  });
  hears(node, `value ${address}`, draw);
  requestAnimationFrame(draw);
  return node;
}

export function panel(title, ...children) {
  const kept = children.flat().filter(Boolean);
  return kept.length ? el("section", { class: "panel" }, el("h2", {}, title), ...kept) : null;
}

// Panels in as many columns as there is room for. One that spans them all stands beside this, not in
// it: WebKit does not know where things are below what spans columns.
export const columns = (...panels) => el("div", { class: "columns" }, ...panels.filter(Boolean));

// Panels into a room; those that would be empty are none.
export const put = (room, ...panels) => room.append(...panels.filter(Boolean));

export function of(prefix) {
  return [...show.controls.keys()].filter((name) => name.startsWith(prefix));
}

export function macros() {
  return panel("macros of the look", of("macros.").map((name) => fader(name)));
}
