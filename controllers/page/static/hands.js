// MIDI and OSC: learning, what came last, what moves what, what hands hold; edits saved; the way in for phones.

import { el, fader, hears, panel, pusher, put } from "./widgets.js";
import { ask, set, show } from "./show.js";
import { learn } from "./bar.js";

export function hands(room) {
  const learner = el("button", { class: "switch learner", "aria-pressed": String(show.learning), onclick: () => learn(!show.learning) }, "learn: touch a control, then move a knob");
  put(room,
    panel("MIDI and OSC", el("div", { class: "row" }, learner), cameLast()),
    panel("what moves what", bound()),
    panel("knobs that wait", knobs()),
    panel("held by hands", held()),
    panel("edits", el("div", { class: "row" }, pusher("save", "save into the preset"), pusher("save.variation", "save a variation"), pusher("reset", "give all back"))),
    panel("join from a phone", join()),
  );
}

// A list that is drawn anew only when it says something else.
function redrawn(node, what, rows, draw) {
  let said = null;
  const look = () => {
    const now = rows(), text = JSON.stringify(now);
    if (text !== said) { said = text; node.replaceChildren(...now.flatMap(draw)); }
  };
  hears(node, what, look);
  look();
  return node;
}

function cameLast() {
  const learnt = () => [...(show.health.lines ?? [])].reverse().find(([, text]) => /^(un)?learn(ed)?:/.test(text))?.[1];
  return redrawn(el("dl", { class: "facts last" }), "health", () => Object.entries({
    "last MIDI": show.health.midi_last, "last OSC": show.health.osc_last, learning: learnt()?.replace(/^learn: /, ""),
    "MIDI ports": show.health.midi_ports, "OSC not understood": show.health.osc_rejected || "", "told over OSC": show.health.osc_receivers,
    "Link": show.health.tempo_sources?.link, events: show.health.events,
  }).filter(([, value]) => value !== undefined && value !== ""), ([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))]);
}

// Knobs and buttons and what they move: those that were learnt first, each of which can be forgotten.
function bound() {
  const node = el("div", { class: "bound" });
  const row = ({ address, control, port, own }) => el("li", {}, el("span", {}, address, el("small", {}, own ? `${control} · ${port}` : control)),
    own ? el("button", { class: "push", "aria-label": `forget ${address}`, onclick: () => ask("unlearn", address).catch(() => {}) }, "forget") : null);
  const draw = async () => {
    let rows;
    try { rows = await ask("bound"); } catch { return; }
    const mine = rows.filter(({ own }) => own), rest = rows.filter(({ own }) => !own), ports = [...new Set(rest.map(({ port }) => port))];
    node.replaceChildren(
      rows.length ? el("ul", { class: "held-list learnt" }, ...mine.map(row)) : el("p", { class: "hint" }, "no MIDI controller plays"),
      ...ports.map((port) => {
        const its = rest.filter((one) => one.port === port);
        return el("details", {}, el("summary", {}, `${port}: ${its.length} of its own`), el("ul", { class: "held-list" }, ...its.map(row)));
      }));
  };
  let said = "";
  hears(node, "health", ({ lines = [], midi_ports: ports }) => { // a control learnt or forgotten is told in a line
    const now = `${ports} ${lines.filter(([, text]) => /learned:|^undo|^redo/.test(text)).pop() ?? ""}`;
    if (now !== said) { said = now; draw(); }
  });
  return node;
}

function held() {
  return redrawn(el("ul", { class: "held-list" }), "held", () => Object.entries(show.held), ([name, value]) => [el("li", {},
    el("span", {}, name), el("output", {}, say(value)), el("button", { class: "push", "aria-label": `let go of ${name}`, onclick: () => set("release", name) }, "let go"))]);
}

// Knobs of a controller that stand elsewhere than the value that they are to pick up.
function knobs() {
  return redrawn(el("div", { class: "knobs" }), "knobs", () => Object.keys(show.knobs).filter((name) => show.controls.has(name)).sort(),
    (name) => [fader(name, name)].filter(Boolean));
}

function say(value) {
  return typeof value === "number" ? value.toFixed(3).replace(/\.?0+$/, "") : String(value);
}

function join() {
  return show.joins ? el("img", { src: "join.svg", alt: "QR code of this page's address", class: "code" })
    : el("p", { class: "hint" }, "This page is for this machine only. play --page-lan opens it to the network and shows a code here.");
}
