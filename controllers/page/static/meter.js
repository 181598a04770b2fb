// The input meter: peak and loudness of both channels, the range that is good, a clip light, and
// what is wrong in words. Large in the ear's room, small beside what the audience sees.

import { el, hears } from "./widgets.js";
import { show } from "./show.js";

const LOW = -60, GOOD = [-18, -6], HOLD_MS = 1500, FALL_DB = 0.9; // a peak is held, then falls 18 dB/s
const CLIP_MS = 8000, QUIET_S = 3, TICKS = [-48, -36, -24, -18, -12, -6, 0];
const at = (db) => Math.min(1, Math.max(0, ((db ?? -200) - LOW) / -LOW));

// A canvas as sharp as the screen: its pen draws in CSS pixels. Its size is told, because asking for
// it in the midst of a picture would lay the whole page out anew.
const sizes = new WeakMap();
const watcher = new ResizeObserver((entries) => {
  for (const { target, contentRect: { width, height } } of entries) sizes.set(target, { width, height });
});

export function fit(canvas) {
  if (!sizes.has(canvas)) {
    sizes.set(canvas, { width: canvas.clientWidth, height: canvas.clientHeight });
    watcher.observe(canvas);
  }
  const pen = canvas.getContext("2d"), { width, height } = sizes.get(canvas), dense = Math.min(2, devicePixelRatio || 1);
  const wide = Math.max(1, Math.round(width * dense)), high = Math.max(1, Math.round(height * dense));
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

// The clip light is the page's own: how many samples had clipped when it was cleared, and since when.
const light = { cleared: null, seen: null, since: -1e9 };
function clips({ clipped }) {
  if (light.seen !== null && clipped > light.seen) light.since = performance.now();
  if (light.seen === null || clipped < light.seen) light.cleared = clipped; // a page that comes, another show
  light.seen = clipped;
  return performance.now() - light.since < CLIP_MS;
}

function clear() { light.cleared = light.seen; light.since = -1e9; }

export function inWords({ peak_db: peaks, silent_s: silent, gone_s: gone, song }, loudest) {
  if (gone > 0) return ["bad", `the input has been away for ${Math.round(gone)} s; it is tried again and again`];
  if (silent >= QUIET_S) return ["bad", `no sound for ${Math.round(silent)} s`];
  if (song) return ["good", "a song that is played here"];
  if (performance.now() - light.since < CLIP_MS) return ["bad", "too loud: it clips; turn it down at the mixer"];
  const sides = peaks.map((peak) => peak ?? -200);
  if (Math.max(...sides) > -50 && Math.min(...sides) < -90) return ["warn", `only the ${sides[0] > sides[1] ? "left" : "right"} channel sounds`];
  if (loudest > GOOD[1] + 4) return ["warn", "rather hot: a little less at the mixer"];
  if (loudest < GOOD[0] - 12) return ["warn", "quiet: a little more at the mixer"];
  return ["good", "a good level"];
}

// Both bars, with what was loudest of late; `tall` has numbers under it.
function bars({ pen, width, height }, held, { peak_db: peaks, rms_db: levels }, tall) {
  const foot = tall ? 18 : 0, gap = tall ? 6 : 2, high = (height - foot - gap) / 2;
  const paint = pen.createLinearGradient(0, 0, width, 0);
  for (const [db, colour] of [[LOW, "#2b6f8c"], [-30, "#58c8f5"], [GOOD[0], "#6fd08c"], [GOOD[1], "#8fe08c"], [-3, "#f2e36b"], [0, "#ff5a52"]]) paint.addColorStop(at(db), colour);
  peaks.forEach((peak, side) => {
    const top = side * (high + gap);
    pen.fillStyle = "#1b1e26";
    pen.fillRect(0, top, width, high);
    pen.fillStyle = "#6fd08c1c";
    pen.fillRect(width * at(GOOD[0]), top, width * (at(GOOD[1]) - at(GOOD[0])), high);
    pen.fillStyle = paint;
    pen.globalAlpha = 0.38;
    pen.fillRect(0, top, width * at(peak), high);
    pen.globalAlpha = 1;
    pen.fillRect(0, top, width * at(levels[side]), high);
    if (held[side].db > LOW) pen.fillRect(Math.min(width - 3, width * at(held[side].db)), top, 3, high);
  });
  if (!tall) return;
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "center";
  for (const db of TICKS.filter((db) => width > 280 || ![-24, -12].includes(db))) {
    const x = width * at(db);
    pen.fillStyle = "#0b0c1088";
    pen.fillRect(x - 0.5, 0, 1, height - foot);
    pen.fillStyle = db >= GOOD[0] && db <= GOOD[1] ? "#6fd08c" : "#9a9ca6";
    pen.fillText(String(db), Math.min(width - 8, Math.max(8, x)), height - 4);
  }
}

function hold(held, peaks) {
  const now = performance.now();
  peaks.forEach((peak, side) => {
    const mark = held[side];
    if ((peak ?? -200) >= mark.db) Object.assign(mark, { db: peak ?? -200, at: now });
    else if (now - mark.at > HOLD_MS) mark.db = Math.max(-200, mark.db - FALL_DB);
  });
}

const fresh = () => [{ db: -200, at: 0 }, { db: -200, at: 0 }];
const said = (db) => (db === null || db < LOW ? "−∞" : db.toFixed(0).replace("-", "−"));

// The large one.
export function meter() {
  const canvas = el("canvas", { role: "meter", "aria-label": "input", "aria-valuemin": LOW, "aria-valuemax": 0, "aria-valuenow": LOW }), held = fresh();
  const numbers = ["left", "right"].map((side) => el("output", { "aria-label": side }));
  const clip = el("button", { class: "clip", title: "touch to clear", onclick: () => { clear(); draw(show.now); } }, "clip");
  const told = el("p", { class: "level" }, "");
  const node = el("div", { class: "meter" },
    el("div", { class: "sides", "aria-hidden": "true" }, el("span", {}, "L"), el("span", {}, "R")), canvas,
    el("div", { class: "sides" }, ...numbers), clip, told);
  let spoken = 0;
  const draw = ({ sound }) => {
    if (!sound) return;
    hold(held, sound.peak_db);
    bars(fit(canvas), held, sound, true);
    const lit = clips(sound), many = sound.clipped - light.cleared;
    clip.classList.toggle("on", lit);
    clip.textContent = many ? `clip ${many > 999 ? "999+" : many}` : "clip";
    clip.setAttribute("aria-label", `${clip.textContent}: ${many ? "samples clipped, touch to clear" : "nothing has clipped"}`);
    const loudest = Math.max(...held.map(({ db }) => db));
    if (performance.now() - spoken < 500) return;
    spoken = performance.now();
    held.forEach(({ db }, side) => { numbers[side].textContent = said(db); });
    const [kind, words] = inWords(sound, loudest);
    told.className = `level ${kind}`;
    told.textContent = words;
    canvas.setAttribute("aria-valuenow", Math.max(LOW, Math.round(loudest)));
    canvas.setAttribute("aria-valuetext", `left ${said(held[0].db)} dB, right ${said(held[1].db)} dB, ${words}`);
  };
  hears(node, "now", draw);
  return node;
}

// The small one: it is told in words only where something is wrong.
export function smallMeter() {
  const canvas = el("canvas", {}), told = el("small", {}), held = fresh();
  const node = el("div", { id: "input", "aria-hidden": "true", title: "the sound that comes in" }, canvas, told);
  hears(node, "now", ({ sound }) => {
    if (!sound) return;
    hold(held, sound.peak_db);
    bars(fit(canvas), held, sound, false);
    const lit = clips(sound), [kind, words] = inWords(sound, Math.max(...held.map(({ db }) => db)));
    node.classList.toggle("clips", lit);
    const said = kind === "bad" ? words.split(/[;:]/)[0] : "";
    if (told.textContent !== said) told.textContent = said;
  });
  return node;
}
