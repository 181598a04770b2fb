// The set in order: each preset with its number, picture, notes and tags, as a grid or as a list.
// What plays shows how far it has come; a touch queues another one at its place in the music.

import { el, hears } from "./widgets.js";
import { press, set, show } from "./show.js";

const LAUNCHES = ["", "now", "beat", "bar", "phrase"];
let launch = LAUNCHES.includes(localStorage.getItem("launch")) ? localStorage.getItem("launch") : "";
let favourites = new Set(JSON.parse(localStorage.getItem("favourites") ?? "[]"));
let way = localStorage.getItem("set as") === "list" ? "list" : "grid";
let searched = "";

export const titled = (name) => show.scenes.find((scene) => scene.name === name)?.title || name || "";

// A picture of a preset, or a colour of its own while nobody has seen it.
export function picture(name, scene = show.scenes.find((one) => one.name === name)) {
  const hue = [...(name ?? "")].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 360, 7);
  return el("span", { class: "shot", style: `--hue:${hue}` },
    scene?.seen ? el("img", { src: `thumbnail/${encodeURIComponent(name)}`, alt: "", loading: "lazy", draggable: "false" }) : null);
}

// One of a few: `chosen` at first, told to `choose`; arrows go from one to the next.
function choices(names, chosen, label, choose, title = () => "") {
  const pick = (one) => {
    for (const other of node.children) {
      other.setAttribute("aria-checked", String(other === one));
      other.tabIndex = other === one ? 0 : -1;
    }
  };
  const node = el("div", { class: "choices", role: "radiogroup", "aria-label": label },
    ...names.map(([value, word]) => el("button", { role: "radio", title: title(value), onclick: (event) => { pick(event.currentTarget); choose(value); } }, word)));
  node.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key], all = [...node.children];
    if (!step) return;
    event.preventDefault();
    const next = all[(all.indexOf(event.target) + step + all.length) % all.length];
    next.focus();
    next.click();
  });
  pick(node.children[names.findIndex(([value]) => value === chosen)]);
  return node;
}

export function setList() {
  const box = el("div", { class: `presets ${way}`, role: "list", "aria-label": "presets of the set" });
  const draw = () => {
    box.replaceChildren(...show.scenes.map(slot).filter(Boolean));
    if (!box.children.length) box.append(el("p", { class: "hint" }, "no preset is called so"));
    marks(box);
  };
  const search = el("input", { type: "search", placeholder: "search", value: searched, "aria-label": "search presets",
    oninput: (event) => { searched = event.target.value; draw(); }, onkeydown: (event) => event.stopPropagation() });
  const when = choices(LAUNCHES.map((name) => [name, name || "set"]), launch, "when a preset begins",
    (name) => { launch = name; localStorage.setItem("launch", name); },
    (name) => (name ? `begin ${name === "now" ? "at once" : `on the next ${name}`}` : "begin as the set says"));
  const as = choices([["grid", "grid"], ["list", "list"]], way, "how the set is shown", (name) => {
    way = name;
    localStorage.setItem("set as", way);
    box.className = `presets ${way}`;
    box.querySelector(".plays")?.scrollIntoView({ block: "nearest" });
  });
  let drawn = JSON.stringify(show.scenes);
  hears(box, "scenes", (scenes) => { if (JSON.stringify(scenes) !== drawn) { drawn = JSON.stringify(scenes); draw(); } });
  hears(box, "now", () => marks(box));
  draw();
  return [el("div", { class: "row set-head" }, as, search, when), box];
}

function slot(scene, n) {
  const { name, title, tags, notes, bars } = scene;
  if (searched && !`${name} ${title} ${tags.join(" ")} ${notes}`.toLowerCase().includes(searched.toLowerCase())) return null;
  const address = `preset.${n + 1}`;
  const card = el("button", { class: "preset", "data-name": name, "data-address": address, onclick: () => {
    if (!show.learning) { press(`${address}${launch && `.${launch}`}`); return; }
    set("learn", address);
    document.querySelectorAll(".learns").forEach((other) => other.classList.remove("learns"));
    card.classList.add("learns");
  } },
  el("span", { class: "number" }, String(n + 1)), picture(name, scene),
  el("span", { class: "about" }, el("b", {}, title || name), el("small", {}, [`${bars} bars`, ...tags].join(" · ")), notes ? el("span", { class: "note" }, notes) : null),
  el("span", { class: "when" }), el("span", { class: "gone" }));
  const star = el("button", { class: "star", "aria-pressed": String(favourites.has(name)), "aria-label": `favourite ${title || name}`, onclick: () => {
    favourites.has(name) ? favourites.delete(name) : favourites.add(name);
    localStorage.setItem("favourites", JSON.stringify([...favourites]));
    star.setAttribute("aria-pressed", String(favourites.has(name)));
    node.classList.toggle("favourite", favourites.has(name));
  } }, "★");
  const node = el("div", { class: `slot${favourites.has(name) ? " favourite" : ""}`, role: "listitem" }, card, star);
  return node;
}

// What plays, what waits for its beat, what follows: some times a second, so only what changed is touched.
function marks(box) {
  const { playing, queued, queued_beats: beats, follows, bars_gone: gone, bars_due: due } = show.now;
  for (const card of box.querySelectorAll(".preset")) {
    const { name } = card.dataset, plays = name === playing, comes = name === queued;
    card.classList.toggle("plays", plays);
    card.classList.toggle("queued", comes);
    card.classList.toggle("follows", !queued && name === follows && !plays);
    if (plays) card.setAttribute("aria-current", "true"); else card.removeAttribute("aria-current");
    write(card.querySelector(".when"), comes ? `in ${waits(beats)}` : plays ? stay(gone, due, " / ", "") : !queued && name === follows ? "next" : "");
    card.style.setProperty("--gone", plays && due ? Math.min(1, Math.max(0, gone / due)).toFixed(3) : 0);
  }
}

function write(node, text) { if (node.textContent !== text) node.textContent = text; }

// How long a queued look still waits, in whole beats.
export const waits = (beats) => Math.max(0, Math.ceil(beats ?? 0));

// Bars as a hand counts them: the first is 1.
export function stay(gone, due, of = " of ", word = "bar ") {
  if (gone === undefined) return "";
  const bar = Math.floor(Math.max(0, gone)) + 1;
  return due ? `${word}${Math.min(bar, Math.round(due))}${of}${Math.round(due)}` : `bar ${bar}`;
}
