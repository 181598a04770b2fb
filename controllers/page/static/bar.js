// What is at hand in every room: how well the show is, its news, learning, the whole screen.

import { on, set, show } from "./show.js";
import { el } from "./widgets.js";
import { help } from "./keys.js";

const find = (query) => document.querySelector(query);
const SHOWN_MS = 7000, MOST = 3;
const GROWN_S = 30; // so long a count that has grown is told
const SLOW_MS = 150; // from sound to light: more is seen as late by everybody
const seen = []; // [seconds on the show's clock, its counts], the last GROWN_S
const COUNTS = { faults: "faults", audio_overruns: "losses of sound", input_clipped: "clipped samples", generator_restarts: "restarts of the model" };
const LEVELS = ["well", "watch", "wrong"];

// What is not as it should be: [level, words], level 1 to be watched, 2 wrong.
export function troubles(now, connected = true) {
  if (!connected) return [[2, "the show does not answer"]];
  const found = [];
  const late = (now.frame_ms ?? []).filter((ms) => ms > now.late_ms).length, all = (now.frame_ms ?? []).length;
  if (late > 0.05 * all) found.push([late > 0.25 * all ? 2 : 1, `${late} of the last ${all} pictures were late`]);
  if (now.generator_state && now.generator_state !== "running") found.push([now.generator_state === "loading" ? 1 : 2, `the model is ${now.generator_state}${now.generator_fault ? `: ${now.generator_fault}` : ""}`]);
  if (now.audio_gone_s > 1) found.push([2, `no sound has come for ${Math.round(now.audio_gone_s)} s`]);
  else if (now.input_silent_s > 10) found.push([1, `the input has been silent for ${Math.round(now.input_silent_s)} s`]);
  if (now.latency_ms > SLOW_MS) found.push([1, `${Math.round(now.latency_ms)} ms from sound to light`]);
  const before = seen[0]?.[1] ?? {};
  for (const [name, words] of Object.entries(COUNTS)) {
    const more = (now[name] ?? 0) - (before[name] ?? now[name] ?? 0);
    if (more > 0) found.push([name === "faults" ? 2 : 1, `${words}: ${more} within half a minute`]);
  }
  return found.sort(([a], [b]) => b - a);
}

function remember(now) {
  if (seen.length && now.time < seen[seen.length - 1][0]) seen.length = 0; // another show
  seen.push([now.time ?? 0, now]);
  while (seen[0][0] < (now.time ?? 0) - GROWN_S) seen.shift();
}

function well() {
  const now = show.health, found = troubles(now, show.connected), level = Math.max(0, ...found.map(([level]) => level));
  const button = find("#well"), whole = (value) => (typeof value === "number" ? Math.round(value) : "–");
  button.dataset.level = LEVELS[level];
  button.title = found[0]?.[1] ?? "all is well";
  button.setAttribute("aria-description", button.title);
  button.querySelector("span").replaceChildren(...[[now.display_fps, "shown"], [now.generator_fps, "drawn"], [now.latency_ms, "ms"], [now.input_peak_db, "dB in"]]
    .map(([value, word]) => el("span", {}, el("b", {}, String(whole(value))), " ", el("small", {}, word))));
  if (find("#state").hidden) return;
  find("#state").replaceChildren(el("h2", {}, found.length ? "to be watched" : "all is well"),
    el("ul", {}, ...found.map(([level, words]) => el("li", { class: LEVELS[level] }, words))),
    el("dl", { class: "facts" }, ...Object.entries({
      "pictures shown a second": whole(now.display_fps), "drawn by the model": whole(now.generator_fps),
      "sound to light": `${whole(now.latency_ms)} ms`, "loudest sample": `${whole(now.input_peak_db)} dB`, model: `${now.runtime || "none"}, ${now.generator_state ?? "–"}`,
    }).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))])),
    el("button", { class: "push", onclick: () => { unfold(false); find("#rooms [data-room=Health]")?.click(); } }, "all figures"));
}

function unfold(open) {
  find("#state").hidden = !open;
  find("#well").setAttribute("aria-expanded", String(open));
  well();
}

// Lines that the show has said since this page last looked come up for some seconds, in any room.
let last = null;
function news() {
  const lines = show.health.lines ?? [], key = ([time, text]) => `${time} ${text}`;
  const from = last === null ? lines.length : lines.findLastIndex((line) => key(line) === last) + 1;
  for (const [, text] of lines.slice(from)) if (!seenAnyway(text)) toast(text);
  last = lines.length ? key(lines[lines.length - 1]) : "";
}

// The notes of a scene stand in the play room already.
const seenAnyway = (text) => document.body.dataset.room === "Play"
  && show.scenes.some(({ name, notes }, n) => notes && text === `${n + 1} ${name}: ${notes}`);

export function toast(text) {
  for (const same of find("#toasts").children) if (same.textContent === text) same.remove();
  const node = el("button", { class: "toast", title: "away with it", onclick: () => node.remove() }, text);
  find("#toasts").append(node);
  while (find("#toasts").children.length > MOST) find("#toasts").firstChild.remove();
  setTimeout(() => node.remove(), SHOWN_MS);
}

// Learning: a touch names a control, the next moved knob is bound to it. A strip says so until it ends.
export function learn(learning) {
  show.learning = learning;
  document.body.classList.toggle("learning", learning);
  find("#learning").hidden = !learning;
  if (!learning) {
    set("learn", "");
    document.querySelectorAll(".learns").forEach((node) => node.classList.remove("learns"));
  }
  document.querySelector(".learner")?.setAttribute("aria-pressed", String(learning));
  told();
}

function told() {
  const node = find(".learns");
  find("#learning span").textContent = node ? `move a knob for ${node.dataset.address}` : "learning: touch a control";
}

// The whole screen, where a browser lets a page have it (no iPhone does).
function whole() {
  const root = document.documentElement;
  if (!root.requestFullscreen) return null;
  const node = el("button", { class: "tool", "aria-label": "whole screen", title: "whole screen", "aria-pressed": "false",
    onclick: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()).catch(() => {}) }, el("img", { src: "static/whole.svg", alt: "", width: 20, height: 20 }));
  document.addEventListener("fullscreenchange", () => node.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement))));
  return node;
}

// A phone must not sleep in the set. Browsers grant this to safe origins only, and while it is seen.
async function stayAwake() {
  if (!navigator.wakeLock || document.hidden) return;
  try { await navigator.wakeLock.request("screen"); } catch { /* an empty battery may refuse */ }
}

export function dress() {
  find("#tools").replaceChildren(...[el("button", { class: "tool keyed", "aria-label": "keys", title: "keys of this page: ?", onclick: help }, "?"), whole()].filter(Boolean));
  find("#learning").append(el("span", { role: "status" }), el("button", { class: "push", onclick: () => learn(false) }, "end learning"));
  find("#well").addEventListener("click", () => unfold(find("#state").hidden));
  document.addEventListener("pointerdown", (event) => { if (!find("#state").hidden && !event.target.closest("#state, #well")) unfold(false); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !find("#state").hidden) { unfold(false); find("#well").focus(); } });
  document.addEventListener("click", () => { if (show.learning) told(); });
  document.addEventListener("visibilitychange", stayAwake);
  document.addEventListener("pointerdown", stayAwake, { once: true });
  on("health", (now) => { remember(now); well(); news(); });
  on("connected", well);
}
