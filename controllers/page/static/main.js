// Puts the page together: what is always at hand, and the rooms.

import { beatNow, connect, on, press, show, toggle, wish } from "./show.js";
import { clamp, el, fader, switcher } from "./widgets.js";
import { clock, spectrum } from "./drawn.js";
import { ROOMS } from "./rooms.js";

const find = (query) => document.querySelector(query);
const KEYS = { f: "freeze", b: "blackout", h: "hush", a: "autopilot" };
const PRESSED = { " ": "tap", n: "next.now", r: "reset" };
let room = localStorage.getItem("room") ?? "Play";
if (!(room in ROOMS)) room = "Play";

function enter(name, focus = false) {
  room = name;
  localStorage.setItem("room", name);
  for (const tab of find("#rooms").children) {
    tab.setAttribute("aria-selected", String(tab.textContent === name));
    tab.tabIndex = tab.textContent === name ? 0 : -1;
  }
  const box = find("#room");
  const top = box.scrollTop;
  box.replaceChildren();
  box.dataset.room = name;
  ROOMS[name](box);
  box.scrollTop = focus ? 0 : top;
}

function build() {
  find("#rooms").replaceChildren(...Object.keys(ROOMS).map((name) => el("button", { role: "tab", onclick: () => enter(name, true) }, name)));
  find("#rooms").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const names = Object.keys(ROOMS);
    enter(names[(names.indexOf(room) + step + names.length) % names.length], true);
    find('#rooms [aria-selected="true"]').focus();
  });
  find("#bpm").addEventListener("click", () => press("tap"));
  const context = find("#preview canvas").getContext("2d");
  on("picture", (bitmap) => {
    const { canvas } = context;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
  });
  on("heard", spectrum(find("#spectrum")));
  on("now", playing);
  on("health", lines);
  on("controls", () => { if (typing()) stale = true; else enter(room); });
  find("#room").addEventListener("focusout", () => setTimeout(() => {
    if (stale && !typing()) { stale = false; enter(room); }
  }));
  on("fresh", always);
  on("connected", (there) => document.body.classList.toggle("lost", !there));
  document.addEventListener("visibilitychange", () => wish({ preview: !document.hidden, heard: !document.hidden }));
  document.addEventListener("keydown", key);
  document.body.classList.add("lost");
  requestAnimationFrame(beat);
}

// While somebody types, another look's controls wait.
const typing = () => find("#room").contains(document.activeElement) && document.activeElement.matches("input, textarea");
let stale = false;

// What is made once the list of parameters is known.
function always() {
  find("#panic").replaceChildren(switcher("blackout", "blackout", "danger"), switcher("freeze", "freeze", "cold"), switcher("hush", "hush", "cold"));
  find("#master").replaceChildren(...[fader("opacity", "master"), switcher("record", "● record", "danger")].filter(Boolean));
}

function playing({ playing: name, queued, queued_beats: beats, autopilot }) {
  const title = (wanted) => show.scenes.find((scene) => scene.name === wanted)?.title || wanted;
  find("#playing b").textContent = title(name) ?? "–";
  find("#playing small").textContent = queued ? `${title(queued)} in ${Math.max(0, Math.ceil(beats))}` : autopilot ? "autopilot" : "by hand";
  find("#playing").classList.toggle("queues", Boolean(queued));
  find("#bpm b").textContent = show.now.bpm.toFixed(1);
  find("#bpm small").textContent = show.now.source;
}

function lines() {
  find("#lines").replaceChildren(...(show.health.lines ?? []).slice(-3).map(([time, text]) => el("li", {}, el("time", {}, clock(time)), ` ${text}`)));
}

// Lights and everything that blinks go by the count of beats, at the pace of this screen.
function beat() {
  const count = beatNow(), phase = clamp(count % 1);
  const glow = (1 - phase) ** 2;
  document.body.style.setProperty("--beat", glow.toFixed(3));
  [...find("#beats").children].forEach((light, n) => {
    light.style.opacity = n === Math.floor(count) % 4 ? 0.25 + 0.75 * glow : 0.14;
  });
  requestAnimationFrame(beat);
}

function key(event) {
  if (event.target.matches("input, textarea, select")) return;
  if (event.ctrlKey || event.metaKey) {
    const step = { z: event.shiftKey ? "redo" : "undo" }[event.key.toLowerCase()];
    if (step) { event.preventDefault(); press(step); }
    return;
  }
  if (event.target.matches("button, [role=button], [role=slider]") && [" ", "Enter"].includes(event.key)) return;
  const name = event.key.toLowerCase();
  if (KEYS[name]) toggle(KEYS[name]);
  else if (PRESSED[name]) { event.preventDefault(); press(PRESSED[name]); }
  else if (/^[1-9]$/.test(name)) press(`preset.${name}`);
}

build();
connect();
