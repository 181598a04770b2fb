// MIDI and OSC: learning, what came last, what hands hold; edits undone and saved; the way in for phones.

import { el, fader, hears, panel, pusher, put } from "./widgets.js";
import { set, show } from "./show.js";
import { learn } from "./bar.js";

export function hands(room) {
  const learner = el("button", { class: "switch learner", "aria-pressed": String(show.learning), onclick: () => learn(!show.learning) }, "learn: touch a control, then move a knob");
  const list = el("ul", { class: "held-list" });
  const draw = () => list.replaceChildren(...Object.entries(show.held).map(([name, value]) => el("li", {},
    el("span", {}, name), el("output", {}, say(name, value)), el("button", { class: "push", onclick: () => set("release", name) }, "let go"))));
  hears(list, "held", draw);
  const facts = el("dl", { class: "facts" });
  const tell = () => facts.replaceChildren(...Object.entries({
    "last OSC": show.health.osc_last, "OSC not understood": show.health.osc_rejected, "told over OSC": show.health.osc_receivers,
    "last MIDI": show.health.midi_last, "MIDI ports": show.health.midi_ports, events: show.health.events,
    "Link": show.health.tempo_sources?.link,
  }).filter(([, value]) => value !== undefined && value !== "").flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))]));
  hears(facts, "health", tell);
  put(room,
    panel("MIDI and OSC", el("div", { class: "row" }, learner), facts),
    panel("edits", el("div", { class: "row" }, pusher("save", "save into the preset"), pusher("save.variation", "save a variation"), pusher("reset", "give all back"))),
    panel("held by hands", list),
    panel("knobs that wait", knobs()),
    panel("join from a phone", join()),
  );
  draw();
  tell();
}

// Knobs of a controller that stand elsewhere than the value that they are to pick up.
function knobs() {
  const node = el("div", { class: "knobs" });
  let drawn = null;
  const draw = () => {
    const names = Object.keys(show.knobs).filter((name) => show.controls.has(name)).sort();
    if (String(names) === drawn) return;
    drawn = String(names);
    node.replaceChildren(...names.map((name) => fader(name, name)).filter(Boolean));
  };
  hears(node, "knobs", draw);
  draw();
  return node;
}

function say(name, value) {
  return typeof value === "number" ? value.toFixed(3).replace(/\.?0+$/, "") : String(value);
}

function join() {
  return show.joins ? el("img", { src: "join.svg", alt: "QR code of this page's address", class: "code" })
    : el("p", { class: "hint" }, "This page is for this machine only. play --page-lan opens it to the network and shows a code here.");
}
