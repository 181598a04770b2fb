// The room from which a whole set is played: what plays and for how long, the set, what hands move
// most, the decks. On a wide screen all of it is seen at once; on a phone one is above the other.

import { el, fader, hears, label, of, panel, pusher, put, switcher } from "./widgets.js";
import { show } from "./show.js";
import { decks } from "./decks.js";
import { setList, stay, titled, waits } from "./setlist.js";

const MOST_USED = ["strength", "guidance", "noise_drift", "crossfade", "motion.zoom", "motion.angle", "transition.beats"];
const NAMES = { "transition.beats": "length of changes", "motion.zoom": "zoom", "motion.angle": "turn" };

export function play(room) {
  const touch = el("section", { class: "panel touch", "aria-label": "at hand" });
  const again = () => touch.replaceChildren(el("h2", {}, "at hand"), ...of("macros.").map((name) => fader(name)),
    ...MOST_USED.map((name) => fader(name, NAMES[name] ?? label(name))).filter(Boolean));
  put(room,
    el("section", { class: "panel current", "aria-label": "what plays" }, playing()),
    el("div", { class: "panel steps", role: "group", "aria-label": "steps through the set" },
      pusher("previous", "◀ previous"), pusher("next", "next ▶"), switcher("autopilot"), switcher("autopilot.lock", "keep this one")),
    named("set", panel("set", ...setList())),
    touch,
    named("mix", panel("decks", decks())),
  );
  again();
  return again; // the set and the decks stay as they are when the look changes
}

const named = (name, node) => { node?.classList.add(name); return node; };

// The notes large enough for the dark, a bar of the time that is left, and what comes then.
function playing() {
  const notes = el("p", { class: "notes" }), far = el("div", { class: "far", "aria-hidden": "true" }, el("i")), words = el("small");
  const node = el("div", { class: "plays-now" }, notes, far, words);
  const write = (box, text) => { if (box.textContent !== text) box.textContent = text; };
  const draw = () => {
    const { playing: name, queued, queued_beats: beats, bars_gone: gone, bars_due: due, follows, autopilot } = show.now;
    const scene = show.scenes.find((one) => one.name === name);
    write(notes, scene?.notes || (scene?.tags ?? []).join(" · ") || titled(name));
    const then = queued ? `${titled(queued)} in ${waits(beats)} beat${waits(beats) === 1 ? "" : "s"}` : follows ? `then ${titled(follows)}` : autopilot && show.scenes.length > 1 ? "then one by chance" : "";
    write(words, [stay(gone, due), then].filter(Boolean).join(" · "));
    far.style.setProperty("--gone", due ? Math.min(1, Math.max(0, gone / due)).toFixed(3) : 0);
    far.hidden = !due;
    node.classList.toggle("queues", Boolean(queued));
  };
  hears(node, "now", draw);
  draw();
  return node;
}
