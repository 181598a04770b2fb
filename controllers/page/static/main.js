// Puts the page together: what is always at hand, and the rooms.

import { beatNow, connect, on, show, wish } from "./show.js";
import { clamp, el, fader, pusher, switcher, tapper, taps } from "./widgets.js";
import { clock, spectrum } from "./drawn.js";
import { dress } from "./bar.js";
import { smallMeter } from "./meter.js";
import { listen } from "./keys.js";
import { titled, waits } from "./setlist.js";
import { filmFacts } from "./takes.js";
import { ROOMS } from "./rooms.js";

const BLINKS = ".queued, .queues, .waits, .lights, .take-record"; // of them alone, or all of the page is styled anew
const find = (query) => document.querySelector(query);
let again = null; // what the room does when another look has other controls, if not all anew
let room = localStorage.getItem("room") ?? "Play";
if (!(room in ROOMS)) room = "Play";

function enter(name, focus = false) {
  room = name;
  localStorage.setItem("room", name);
  for (const tab of find("#rooms").children) {
    tab.setAttribute("aria-selected", String(tab.textContent === name));
    tab.tabIndex = tab.textContent === name ? 0 : -1;
    if (tab.textContent === name) tab.id = "entered"; else tab.removeAttribute("id");
    if (tab.textContent === name) tab.scrollIntoView({ block: "nearest", inline: "center" });
  }
  const box = find("#room"), floor = find("#floor"), top = floor.scrollTop;
  box.replaceChildren();
  box.dataset.room = document.body.dataset.room = name;
  again = ROOMS[name](box) ?? null;
  floor.scrollTop = focus ? 0 : top;
}

function build() {
  find("#rooms").replaceChildren(...Object.keys(ROOMS).map((name) => el("button", { role: "tab", "data-room": name, onclick: () => enter(name, true) }, name)));
  find("#rooms").addEventListener("scroll", edges);
  new ResizeObserver(edges).observe(find("#rooms"));
  find("#rooms").addEventListener("keydown", (event) => {
    const names = Object.keys(ROOMS), at = names.indexOf(room), last = names.length - 1;
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    enter(names[(to + names.length) % names.length], true);
    find('#rooms [aria-selected="true"]').focus();
  });
  taps(find("#bpm"));
  const context = find("#preview canvas").getContext("2d");
  on("picture", (bitmap) => {
    const { canvas } = context;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
  });
  on("heard", spectrum(find("#spectrum")));
  find("#spectrum").after(smallMeter());
  on("now", playing);
  on("health", lines);
  on("controls", () => { if (typing()) stale = true; else anew(); });
  find("#room").addEventListener("focusout", () => setTimeout(() => {
    if (stale && !typing()) { stale = false; anew(); }
  }));
  find("#room").addEventListener("keydown", (event) => { // the way out of a long room
    if (event.key === "Escape" && !event.defaultPrevented) find('#rooms [aria-selected="true"]').focus();
  });
  on("fresh", always);
  on("connected", (there) => document.body.classList.toggle("lost", !there));
  on("turned away", (away) => { find("#lost").textContent = away ? "the show has begun anew: open its new address" : "no show here"; });
  document.addEventListener("visibilitychange", () => wish({ preview: !document.hidden, heard: !document.hidden }));
  listen();
  dress();
  document.body.classList.add("lost");
  requestAnimationFrame(beat);
}

// Another look has other controls; what had the keyboard has it again, if it is still there.
function anew() {
  const box = find("#room"), old = document.activeElement, who = box.contains(old) && old !== box ? called(old) : null;
  if (again) again(); else enter(room);
  if (who === null || (box.contains(document.activeElement) && document.activeElement !== box)) return;
  const same = [...box.querySelectorAll("[tabindex], button, input, select, textarea")].find((node) => called(node) === who);
  (same ?? box).focus({ preventScroll: true });
}

const called = (node) => [node.tagName, node.dataset.address ?? node.dataset.name, node.getAttribute("aria-label") ?? node.textContent].join(" ");

// While somebody types, another look's controls wait.
const typing = () => find("#room").contains(document.activeElement) && document.activeElement.matches("input, textarea");
let stale = false;

// Rooms that a narrow screen hides are hinted at where they go on.
function edges() {
  const { scrollLeft, scrollWidth, clientWidth } = find("#rooms");
  find("#rooms").classList.toggle("before", scrollLeft > 4);
  find("#rooms").classList.toggle("after", scrollLeft < scrollWidth - clientWidth - 4);
}

// What is made once the list of parameters is known.
function always() {
  const named = (node, name) => { node.setAttribute("aria-label", name); node.title = name; node.classList.add("tool"); return node; };
  find("#panic").replaceChildren(switcher("blackout", "blackout", "danger"), switcher("freeze", "freeze", "cold"), switcher("hush", "hush", "cold"));
  find("#master").replaceChildren(...[fader("opacity", "master"), el("div", { class: "row" },
    named(pusher("undo", "↶"), "take back the last edit"), named(pusher("redo", "↷"), "do it again"), switcher("record", "● record", "danger")), filmFacts()].filter(Boolean));
  find("#tempo").replaceChildren(tapper("push"), pusher("beat_one", "beat one"), pusher("tempo.halve", "÷ 2"), pusher("tempo.double", "× 2"));
}

function playing({ playing: name, queued, queued_beats: beats, autopilot }) {
  find("#playing b").textContent = titled(name) || "–";
  find("#playing small").textContent = queued ? `${titled(queued)} in ${waits(beats)}` : autopilot ? "autopilot" : "by hand";
  find("#playing").classList.toggle("queues", Boolean(queued));
  find("#bpm b").textContent = show.now.bpm.toFixed(1);
  find("#bpm small").textContent = show.now.source;
}

function lines() {
  find("#lines").replaceChildren(...(show.health.lines ?? []).slice(-12).map(([time, text]) => el("li", {}, el("time", {}, clock(time)), ` ${text}`)));
}

// Lights and everything that blinks go by the count of beats, at the pace of this screen.
function beat() {
  const count = beatNow(), phase = clamp(count % 1);
  const glow = (1 - phase) ** 2;
  for (const node of document.querySelectorAll(BLINKS)) node.style.setProperty("--beat", glow.toFixed(3));
  [...find("#beats").children].forEach((light, n) => {
    light.style.opacity = n === Math.floor(count) % 4 ? 0.25 + 0.75 * glow : 0.14;
  });
  requestAnimationFrame(beat);
}

build();
connect();
