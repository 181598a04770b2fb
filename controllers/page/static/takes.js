// Takes: hands recorded from now on, laid over the show again, made into films. And what the film
// says that is recorded at this moment.

import { el, hears, learns, panel, pusher, put } from "./widgets.js";
import { ask, press, show } from "./show.js";
import { clock } from "./drawn.js";

const SIZES = ["1280x720", "1920x1080", "3840x2160"];
const SCARCE = 5e9; // bytes: some minutes of film
let picked = "", size = SIZES[1]; // whose film is shown: the newest, or one that was picked
let onBar = localStorage.getItem("takes on the bar") === "true", asked = ""; // and which take was asked for last
let gone = []; // names that were deleted on this page

export function takes(room) {
  const list = el("ul", { class: "takes" }), told = el("p", { class: "take-wrong", role: "alert" });
  const film = render();
  const again = pusher("take.again", "↻ the newest again", "lays the newest take over the show; again stops it (Y)");
  const draw = () => {
    const names = show.takes.map(({ name }) => name), focused = document.activeElement?.dataset.take;
    gone = gone.filter((name) => !names.includes(name));
    if (!names.includes(picked)) picked = "";
    list.replaceChildren(...gone.map((name) => lost(name, say, draw)), ...show.takes.map((take) => row(take, choose, say, draw)));
    if (focused) list.querySelector(`[data-take="${CSS.escape(focused)}"]`)?.focus();
    marks(list);
    film.draw();
  };
  const say = (text) => { told.textContent = text; };
  const choose = (name) => { picked = name; marks(list); film.draw(); };
  hears(list, "takes", draw);
  hears(list, "now", () => marks(list));
  put(room,
    panel("record", recorder(), el("p", { class: "hint" }, "Every move of every hand from now on, and the sound beside it. A take begins with how the show stands, so it plays alone.")),
    panel("takes", el("div", { class: "row" }, again, bars()), told, list),
    film.node);
  draw();
}

// Takes that begin, end and play on the first beat of a bar.
function bars() {
  const node = el("button", { class: "switch", "aria-pressed": String(onBar), title: "begin, end and play on the next bar", onclick: () => {
    onBar = !onBar;
    localStorage.setItem("takes on the bar", String(onBar));
    node.setAttribute("aria-pressed", String(onBar));
  } }, "on the bar");
  return node;
}

const on = (address) => (onBar ? `${address}.bar` : address);
const waits = (address) => show.now.waiting?.includes(address) ?? false;

function recorder() {
  const said = el("b", {}, "record a take"), rest = el("small");
  const node = el("button", { class: "take-record", "aria-pressed": "false", title: "T" }, el("i", { "aria-hidden": "true" }), el("span", {}, said, rest));
  const draw = () => {
    const runs = (show.values.take ?? 0) > 0.5, { take, free } = show.now;
    node.setAttribute("aria-pressed", String(runs));
    node.classList.toggle("queued", waits("take"));
    said.textContent = runs ? `end the take${take ? ` · ${clock(take.seconds)}` : ""}` : "record a take";
    rest.textContent = waits("take") ? "on the next bar" : runs && take ? take.name : room(free);
    rest.classList.toggle("scarce", scarce(free));
  };
  node.addEventListener("click", () => { if (!show.learning) press(on("take"), "toggle"); });
  learns(node, "take");
  hears(node, "now", draw);
  hears(node, "value take", draw);
  draw();
  return node;
}

function row(take, choose, say, draw) {
  const { name } = take;
  const play = el("button", { class: "take-play", "data-take": `play ${name}`, onclick: () => {
    if (show.learning) return;
    const plays = show.now.laid?.name === name;
    asked = name;
    press(plays ? "take.play" : on("take.play"), plays ? "" : name);
  } });
  const pick = el("button", { class: "take-pick", "data-take": name, "aria-pressed": "false", title: "its film below", onclick: () => choose(name) },
    el("b", {}, name.replace(/^liquidlight-/, "")), el("small", {}, [clock(Math.round(take.seconds)), when(take.when), take.show, bytes(take.bytes)].join(" · ")));
  const drop = el("button", { class: "take-drop", "data-take": `drop ${name}`, "aria-label": `delete ${name}`, title: "delete; it can be had back until the show ends", onclick: async () => {
    try {
      await ask("delete_take", name);
      show.takes = show.takes.filter((other) => other.name !== name); // as the show will say in a moment
      gone = [name, ...gone.filter((other) => other !== name)];
      say("");
      draw();
      document.querySelector(`[data-take="${CSS.escape(`back ${name}`)}"]`)?.focus();
    } catch (error) { say(error.message); }
  } }, "×");
  const bar = el("progress", { max: 1, value: 0, "aria-label": `how far ${name} has played` });
  return el("li", { "data-name": name }, play, pick, drop, bar);
}

function lost(name, say, draw) {
  const back = el("button", { class: "push", "data-take": `back ${name}`, onclick: async () => {
    try { await ask("restore_take", name); say(""); } catch (error) { say(error.message); }
    gone = gone.filter((other) => other !== name);
    draw();
  } }, "undo");
  return el("li", { class: "take-gone" }, el("span", {}, `${name} is deleted`), back);
}

const chosen = () => picked || (show.takes[0]?.name ?? "");

// What plays, how far it is, and whose film is shown below.
function marks(list) {
  const { laid } = show.now;
  for (const item of list.querySelectorAll("[data-name]")) {
    const plays = laid?.name === item.dataset.name, play = item.querySelector(".take-play");
    item.classList.toggle("plays", plays);
    item.classList.toggle("queued", asked === item.dataset.name && waits("take.play"));
    if (item.querySelector("progress").hidden === plays) item.querySelector("progress").hidden = !plays;
    if (plays) item.querySelector("progress").value = laid.of ? laid.seconds / laid.of : 1;
    const verb = plays ? "stop" : "play";
    if (play.dataset.verb !== verb) {
      play.dataset.verb = verb;
      play.textContent = plays ? "■" : "▶";
      play.setAttribute("aria-label", `${verb} ${item.dataset.name}`);
      play.title = plays ? "stop it" : "lay its hands over the show";
    }
    item.querySelector(".take-pick").setAttribute("aria-pressed", String(item.dataset.name === chosen()));
  }
}

// The command that makes a film of the chosen take.
function render() {
  const text = el("output", { class: "take-command", tabindex: 0, "aria-label": "the command" });
  const sizes = el("select", { "aria-label": "size of the film", onchange: () => { size = sizes.value; draw(); } }, ...SIZES.map((name) => el("option", {}, name)));
  const copy = el("button", { class: "push", onclick: () => copied(text, copy) }, "copy");
  const node = panel("make it a film", el("p", { class: "hint" }, "The same again, as large as wanted, in a terminal:"), text, el("div", { class: "row" }, sizes, copy));
  const draw = () => {
    const take = show.takes.find(({ name }) => name === chosen());
    node.hidden = !take;
    text.textContent = take ? `liquidlight render ${quoted(take.path)} --size ${size}` : "";
  };
  sizes.value = size;
  return { node, draw };
}

async function copied(text, button) {
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch { // in a page from the network the clipboard is closed: what is marked can still be copied
    getSelection().selectAllChildren(text);
    document.execCommand("copy");
  }
  button.textContent = "copied";
  setTimeout(() => { button.textContent = "copy"; }, 1500);
}

// Beside the button that records: how long, into what, what was lost, what is left of the disk.
export function filmFacts() {
  const node = el("p", { class: "film" });
  const draw = () => {
    const { film, free } = show.now;
    const parts = film ? [clock(film.seconds), film.name, room(free)].filter(Boolean) : scarce(free) ? [room(free)] : [];
    if (film?.lost) parts.push(`${film.lost} lost`);
    node.textContent = parts.join(" · ");
    node.title = film?.name ?? "";
    node.classList.toggle("on", Boolean(film));
    node.classList.toggle("scarce", scarce(free) || Boolean(film?.lost));
  };
  hears(node, "now", draw);
  draw();
  return node;
}

const scarce = (free) => typeof free === "number" && free < SCARCE;
const room = (free) => (typeof free === "number" ? `${bytes(free)} free` : "");
const quoted = (path) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

function bytes(count) {
  const [unit, size] = count >= 1e9 ? ["GB", 1e9] : count >= 1e6 ? ["MB", 1e6] : ["kB", 1e3];
  const value = count / size;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

function when(seconds) {
  const date = new Date(1000 * seconds), today = new Date().toDateString() === date.toDateString();
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return today ? time : `${date.toLocaleDateString([], { day: "numeric", month: "short" })} ${time}`;
}
