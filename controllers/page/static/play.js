// The set: presets with their pictures, what comes next, the decks, the macros of the look.

import { el, fader, hears, macros, panel, pusher, put, switcher } from "./widgets.js";
import { press, set, show } from "./show.js";

const LAUNCHES = ["", "now", "beat", "bar", "phrase"];
let launch = localStorage.getItem("launch") ?? "";
let favourites = new Set(JSON.parse(localStorage.getItem("favourites") ?? "[]"));
let searched = "";

export function play(room) {
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
