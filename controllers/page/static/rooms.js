// The rooms of the page. Each makes its panels anew when it is entered, or when another look has
// other things to touch; everything inside them moves by itself after that.

import { either, fader, el, label, of, pad, panel, put, switcher, words } from "./widgets.js";
import { show } from "./show.js";
import { ear } from "./ear.js";
import { edit } from "./edit.js";
import { hands } from "./hands.js";
import { health } from "./drawn.js";
import { outputs } from "./outputs.js";
import { play } from "./play.js";
import { prompts } from "./prompts.js";
import { takes } from "./takes.js";

export const ROOMS = {
  Play: play, Prompts: prompts, Motion: motion, Layers: layers, Ear: ear, Outputs: outputs,
  Takes: takes, Hands: hands, Edit: edit, Health: health,
};

function motion(room) {
  put(room,
    panel("camera", el("div", { class: "pads" },
      pad("motion.x", "motion.y", "shift", true), pad("motion.angle", "motion.zoom", "turn and zoom"),
      pad("motion.tilt_x", "motion.tilt_y", "tilt", true), pad("motion.swirl", "motion.bulge", "swirl and bulge")),
    el("p", { class: "hint" }, "Shift and tilt spring back when the finger lets go. A double click gives the rest back to the look.")),
    panel("numbers", of("motion.").map((name) => fader(name))),
    panel("strength", ["strength", "noise_drift", "crossfade"].map((name) => fader(name))),
    panel("knobs", el("div", { class: "pairs" }, ...of("knob").map((name) => fader(name, name.replace("knob", "knob "))))),
  );
}

function layers(room) {
  const groups = new Map();
  for (const name of of("layers.")) {
    const key = name.split(".").slice(0, name.includes(".effects.") ? 4 : 2).join(".");
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const effects = new Map();
  for (const name of of("effects.")) {
    const key = name.split(".")[1];
    effects.set(key, [...(effects.get(key) ?? []), name]);
  }
  const control = (name) => {
    const row = show.controls.get(name);
    if (row.kind === "text") return words(name, label(name));
    if (row.kind === "switch") return switcher(name);
    return row.whole && row.low === 0 && row.high === 1 ? either(name) : fader(name);
  };
  // Switches side by side, above what is pulled.
  const all = (names) => {
    const made = names.map(control).filter(Boolean), flat = made.filter((node) => node.matches("button"));
    return [flat.length ? el("div", { class: "row" }, ...flat) : null, ...made.filter((node) => !flat.includes(node))];
  };
  put(room,
    ...[...groups].map(([key, names]) => panel(key.replace("layers.", "layer ").replace(".effects.", " · "), all(names))),
    ...[...effects].map(([key, names]) => panel(key.replaceAll("_", " "), all(names))),
    panel("the stage", fader("blackout.seconds", "fade of a blackout"), el("div", { class: "row" }, switcher("flash_limit", "flash limiter"))),
  );
  if (!groups.size && !effects.size) room.prepend(el("p", { class: "hint" }, "This look has neither layers nor effects."));
}
