// The tempo desk and what the ear hears.

import { el, fader, hears, of, panel, pusher, put, switcher } from "./widgets.js";
import { set, show } from "./show.js";
import { scopes, tempoFacts } from "./drawn.js";

export function ear(room) {
  const source = el("select", { "aria-label": "whose beat", onchange: (event) => set("tempo.source", event.target.value) },
    ...(show.controls.get("tempo.source")?.choices ?? []).map((name) => el("option", { value: name }, name)));
  const draw = () => { source.value = show.values["tempo.source"] ?? "auto"; };
  hears(source, "value tempo.source", draw);
  draw();
  put(room,
    panel("tempo", tempoFacts(), el("div", { class: "row" },
      pusher("tap", "tap"), pusher("beat_one", "beat one"), pusher("tempo.halve", "÷ 2"), pusher("tempo.double", "× 2"),
      pusher("tempo.earlier", "earlier"), pusher("tempo.later", "later"), switcher("tempo.lock", "lock"), pusher("tempo.relearn", "listen anew")),
    el("label", { class: "row" }, "whose beat", source), fader("tempo.bpm", "bpm"), fader("tempo.nudge", "nudge"), fader("tempo.offset", "drawn earlier by"),
    fader("tempo.low", "slowest"), fader("tempo.high", "fastest")),
    panel("signals", scopes()),
    panel("how the look listens", of("hearing.").map((name) => fader(name, name.replace("hearing.", "").replaceAll("_", " ")))),
  );
}
