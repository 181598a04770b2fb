// The rooms of the page. Each makes its panels anew when it is entered, or when another look has
// other things to touch; everything inside them moves by itself after that.

import { either, el, fader, hears, label, pad, panel, pusher, switcher, words } from "./widgets.js";
import { press, release, set, show } from "./show.js";
import { edit } from "./edit.js";
import { outputs } from "./outputs.js";
import { health, scopes, tempoFacts } from "./drawn.js";

const LAUNCHES = ["", "now", "beat", "bar", "phrase"];
let launch = localStorage.getItem("launch") ?? "";
let favourites = new Set(JSON.parse(localStorage.getItem("favourites") ?? "[]"));
let searched = "";

const put = (room, ...panels) => room.append(...panels.filter(Boolean));

export const ROOMS = {
  Play: play, Prompts: prompts, Motion: motion, Layers: layers, Ear: ear, Outputs: outputs,
  Hands: hands, Edit: edit, Health: health,
};

function play(room) {
  const grid = el("div", { class: "presets" });
  const draw = () => grid.replaceChildren(...show.scenes.map(preset).filter(Boolean));
  const search = el("input", { type: "search", placeholder: "search", value: searched, "aria-label": "search presets",
    oninput: (event) => { searched = event.target.value; draw(); }, onkeydown: (event) => event.stopPropagation() });
  const when = el("div", { class: "choices", role: "radiogroup", "aria-label": "when a preset begins" },
    ...LAUNCHES.map((name) => el("button", { role: "radio", "aria-checked": String(name === launch), title: name ? `begin ${name === "now" ? "at once" : `on the next ${name}`}` : "as the set says",
      onclick: (event) => {
        launch = name;
        localStorage.setItem("launch", name);
        for (const one of when.children) one.setAttribute("aria-checked", String(one === event.target));
      } }, name || "set")));
  hears(grid, "scenes", draw);
  hears(grid, "now", () => marks(grid));
  const notes = el("p", { class: "notes" });
  const note = () => {
    notes.textContent = show.scenes.find(({ name }) => name === show.now.playing)?.notes ?? "";
  };
  hears(notes, "now", note);
  put(room,
    panel("presets", el("div", { class: "row" }, search, when), grid, notes),
    panel("set", el("div", { class: "row" }, pusher("previous", "◀ previous"), pusher("next", "next ▶"),
      switcher("autopilot"), switcher("autopilot.lock", "keep this one")),
    fader("transition.beats", "length of changes"), decks()),
    macros(),
  );
  draw();
  note();
}

function preset(scene, n) {
  const { name, title, tags } = scene;
  if (searched && !`${name} ${title} ${tags.join(" ")}`.toLowerCase().includes(searched.toLowerCase())) return null;
  const picture = scene.seen && el("img", { src: `thumbnail/${encodeURIComponent(name)}`, alt: "", loading: "lazy" });
  const star = el("button", { class: "star", "aria-pressed": String(favourites.has(name)), "aria-label": `favourite ${title || name}`, onclick: (event) => {
    event.stopPropagation();
    favourites.has(name) ? favourites.delete(name) : favourites.add(name);
    localStorage.setItem("favourites", JSON.stringify([...favourites]));
    star.setAttribute("aria-pressed", String(favourites.has(name)));
    card.style.order = order();
  } }, "★");
  const order = () => (favourites.has(name) ? 0 : 1);
  const go = () => { if (!show.learning) press(`preset.${n + 1}${launch && `.${launch}`}`); };
  const card = el("div", { class: "preset", role: "button", tabindex: 0, "data-name": name, "data-address": `preset.${n + 1}`, style: `order:${order()};--hue:${hue(name)}`,
    onclick: () => { if (show.learning) set("learn", `preset.${n + 1}`); else go(); },
    onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); go(); } } },
  picture || null, el("b", {}, title || name), star);
  return card;
}

// A colour of its own for a preset that nobody has seen yet.
const hue = (name) => [...name].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 360, 7);

function marks(grid) {
  for (const card of grid.children) {
    card.classList.toggle("plays", card.dataset.name === show.now.playing);
    card.classList.toggle("queued", card.dataset.name === show.now.queued);
  }
}

function decks() {
  const deck = (side) => {
    const choose = el("select", { "aria-label": `deck ${side}`, onchange: (event) => set(`deck.${side}`, event.target.value === "" ? 0 : event.target.value) },
      el("option", { value: "" }, `deck ${side}: empty`), ...show.scenes.map(({ name, title }) => el("option", { value: name }, title || name)));
    const draw = () => { choose.value = show.values[`deck.${side}`] ?? ""; };
    hears(choose, `value deck.${side}`, draw);
    draw();
    return choose;
  };
  return el("div", { class: "decks" }, deck("a"), fader("crossfader", "A ↔ B"), deck("b"));
}

function of(prefix) {
  return [...show.controls.keys()].filter((name) => name.startsWith(prefix));
}

function macros() {
  return panel("macros of the look", of("macros.").map((name) => fader(name)));
}

function prompts(room) {
  const rows = of("prompts.").filter((name) => name.endsWith(".text")).map((text) => {
    const weight = text.replace(".text", ".weight"), n = text.split(".")[1];
    let before = 1;
    const mute = el("button", { class: "switch", "aria-pressed": "false", title: "without this prompt; again brings it back", onclick: () => {
      const now = show.values[weight] ?? 0;
      if (now > 0) { before = now; set(weight, 0); } else set(weight, before || 1);
    } }, "mute");
    const draw = () => mute.setAttribute("aria-pressed", String((show.values[weight] ?? 0) <= 0));
    hears(mute, `value ${weight}`, draw);
    draw();
    return el("div", { class: "prompt" }, words(text, `prompt ${n}`), emphasised(text), el("div", { class: "row" }, fader(weight, "weight"), mute, letGo(text, weight)));
  });
  const free = nextPrompt();
  const add = free && el("button", { class: "push", onclick: () => set(free, "a new prompt") }, "add a prompt");
  put(room,
    panel("prompts", rows, add, el("p", { class: "hint" }, "Enter sends the words now, Ctrl+Enter on the next bar. (words) count more, [words] less, (words:1.4) so much.")),
    panel("words of the look", of("words.").map((name) => el("div", { class: "prompt" }, el("span", { class: "name" }, `{${label(name)}}`), words(name, label(name))))),
    panel("how it is drawn", ["strength", "steps", "guidance", "seed", "noise_drift", "crossfade", "contours", "flow", "cadence", "opacity"].map((name) => fader(name))),
    panel("LoRAs", of("loras.").map((name) => fader(name))),
    panel("what is redrawn", of("source").map((name) => fader(name))),
    macros(),
  );
}

// Gives the words back to the look; a prompt that was added goes.
function letGo(...addresses) {
  const node = el("button", { class: "push", title: "give back to the look", "aria-label": "let go", onclick: () => addresses.forEach(release) }, "×");
  const draw = () => { node.hidden = !addresses.some((address) => address in show.held); };
  hears(node, "held", draw);
  draw();
  return node;
}

function nextPrompt() {
  const numbers = of("prompts.").map((name) => Number(name.split(".")[1]));
  const next = Math.max(0, ...numbers) + 1;
  return next <= 12 ? `prompts.${next}.text` : null;
}

// How A1111's emphasis is understood: louder words are seen louder.
function emphasised(address) {
  const node = el("p", { class: "emphasis", "aria-hidden": "true" });
  const draw = () => {
    const text = String(show.values[address] ?? "");
    node.replaceChildren();
    if (!/[()[\]]/.test(text)) return;
    let weight = 1;
    for (const part of text.split(/(\((?=[^()]*:[\d.]+\))|:[\d.]+\)|[()[\]])/)) {
      if (part === "(") weight *= 1.1;
      else if (part === "[") weight /= 1.1;
      else if (part === ")" || /^:[\d.]+\)$/.test(part)) weight = 1;
      else if (part === "]") weight *= 1.1;
      else if (part) {
        const ahead = text.slice(text.indexOf(part) + part.length).match(/^:([\d.]+)\)/);
        const much = ahead ? Number(ahead[1]) : weight;
        node.append(el("span", { style: `opacity:${Math.min(1, 0.35 + 0.5 * much)};font-weight:${much > 1.02 ? 700 : 400}` }, part));
      }
    }
  };
  hears(node, `value ${address}`, draw);
  draw();
  return node;
}

function motion(room) {
  put(room,
    panel("camera", el("div", { class: "pads" },
      pad("motion.x", "motion.y", "shift", true), pad("motion.angle", "motion.zoom", "turn and zoom"),
      pad("motion.tilt_x", "motion.tilt_y", "tilt", true)),
    el("p", { class: "hint" }, "Shift and tilt spring back when the finger lets go. A double click gives the rest back to the look.")),
    panel("numbers", of("motion.").map((name) => fader(name))),
    panel("strength", ["strength", "noise_drift", "crossfade"].map((name) => fader(name))),
    panel("knobs", of("knob").map((name) => fader(name, name))),
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

function ear(room) {
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

function hands(room) {
  const learn = el("button", { class: "switch", "aria-pressed": String(show.learning), onclick: () => {
    show.learning = !show.learning;
    document.body.classList.toggle("learning", show.learning);
    learn.setAttribute("aria-pressed", String(show.learning));
    if (!show.learning) set("learn", "");
  } }, "learn: touch a control, then move a knob");
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
    panel("MIDI and OSC", el("div", { class: "row" }, learn), facts),
    panel("edits", el("div", { class: "row" }, pusher("undo", "undo"), pusher("redo", "redo"), pusher("save", "save into the preset"), pusher("save.variation", "save a variation"), pusher("reset", "give all back"))),
    panel("held by hands", list),
    panel("join from a phone", join()),
  );
  draw();
  tell();
}

function say(name, value) {
  return typeof value === "number" ? value.toFixed(3).replace(/\.?0+$/, "") : String(value);
}

function join() {
  return show.joins ? el("img", { src: "join.svg", alt: "QR code of this page's address", class: "code" })
    : el("p", { class: "hint" }, "This page is for this machine only. play --page-lan opens it to the network and shows a code here.");
}
