// The music as a moving strip: the last 64 beats as they sounded, and where bars, phrases and what
// is queued will come. Kept while the page is open, whatever room is shown.

import { el, hears } from "./widgets.js";
import { beatNow, on, show } from "./show.js";
import { fit } from "./meter.js";

const PAST = 64, AHEAD = 16, FINE = 4, KEPT = 2 * PAST * FINE; // columns are quarters of a beat
const ROWS = ["level", "presence", "bass", "high", "intensity", "build", "breakdown"];
const kept = Object.fromEntries(ROWS.map((name) => [name, new Float32Array(KEPT)]));
const stamp = new Int32Array(KEPT).fill(-1), count = new Uint8Array(KEPT);
let drops = [], falling = false, before = -1;

on("heard", () => {
  const value = (name) => show.heard[show.names.indexOf(name)] ?? 0;
  const beat = value("beat"), now = Math.floor(beat * FINE), since = before < 0 || now < before || now - before > 3 * FINE ? now : before;
  if (now < before) { stamp.fill(-1); drops = []; }
  for (let column = since; column <= now; column++) {
    const place = column % KEPT, again = stamp[place] === column;
    stamp[place] = column;
    count[place] = again ? Math.min(200, count[place] + 1) : 1;
    for (const name of ROWS) kept[name][place] = again ? kept[name][place] + (value(name) - kept[name][place]) / count[place] : value(name);
  }
  before = now;
  const drop = value("drop");
  if (drop > 0.9 && !falling) drops = [...drops.filter((at) => at > beat - PAST), beat];
  falling = drop > 0.5;
});

export function strip() {
  const canvas = el("canvas", { "aria-hidden": "true" });
  const told = el("output", { class: "hint" });
  const node = el("figure", { class: "strip", "aria-label": "the last 64 beats" }, canvas,
    el("figcaption", {}, el("span", {}, el("i", { class: "k-level" }), "loudness"), el("span", {}, el("i", { class: "k-intensity" }), "intensity"),
      el("span", {}, el("i", { class: "k-build" }), "build"), el("span", {}, el("i", { class: "k-drop" }), "drop"), el("span", {}, el("i", { class: "k-queue" }), "queued"), told));
  hears(node, "heard", () => draw(fit(canvas), told));
  return node;
}

function draw({ pen, width, height }, told) {
  const now = beatNow();
  const x = (beat) => width * (beat - now + PAST) / (PAST + AHEAD);
  const foot = height - 16, first = Math.max(0, Math.ceil(now - PAST)), last = Math.floor(now + AHEAD);
  for (let beat = first; beat <= last; beat++) {
    if (beat % 4) continue;
    const phrase = beat % 16 === 0;
    pen.fillStyle = phrase ? "#565b6a" : "#262933";
    pen.fillRect(x(beat), phrase ? 0 : 8, 1, phrase ? height : foot - 8);
    if (phrase) {
      pen.fillStyle = beat > now ? "#ecedf2" : "#7d808b";
      pen.font = "11px system-ui, sans-serif";
      pen.textAlign = "left";
      pen.fillText(beat > now ? `in ${Math.ceil(beat - now)}` : String(beat / 16 + 1), x(beat) + 4, height - 4);
    }
  }
  columns(pen, x, now, width, foot);
  curve(pen, x, now, foot, "build", "#b58cff", true);
  curve(pen, x, now, foot, "intensity", "#ecedf2", false);
  for (const beat of drops) mark(pen, x(beat), width, foot, "#ffffff", "drop");
  const { queued, queued_beats: waits } = show.now;
  if (queued && waits > 0 && waits < AHEAD) mark(pen, x(now + waits), width, foot, "#ffa23e", show.scenes.find(({ name }) => name === queued)?.title || queued);
  pen.fillStyle = "#ff5a52";
  pen.fillRect(x(now) - 1, 0, 2, foot);
  const ago = drops.length ? Math.floor(now - drops.at(-1)) : -1;
  const said = ago >= 0 && ago <= PAST ? `last drop ${ago < 4 ? "now" : ago < 8 ? "a bar ago" : `${Math.floor(ago / 4)} bars ago`}` : "";
  if (told.textContent !== said) told.textContent = said;
}

const each = (now, row) => {
  for (let column = Math.max(0, Math.floor((now - PAST) * FINE)); column <= now * FINE; column++) {
    if (stamp[column % KEPT] === column) row(column, column % KEPT);
  }
};

// Columns as in a player's overview: as high as it is loud, deep blue for bass, light for highs.
function columns(pen, x, now, width, foot) {
  const wide = Math.max(1, width / (PAST + AHEAD) / FINE - 0.6), middle = foot / 2;
  each(now, (column, place) => {
    const loud = kept.level[place] * (0.25 + 0.75 * kept.presence[place]), high = Math.max(1, 0.96 * middle * loud);
    pen.fillStyle = kept.breakdown[place] > 0.5 ? "#415a6b" : `hsl(${212 - 24 * kept.high[place]} ${45 + 25 * kept.bass[place]}% ${30 + 26 * kept.high[place]}%)`;
    pen.fillRect(x(column / FINE), middle - high, wide, 2 * high);
  });
}

function curve(pen, x, now, foot, name, colour, filled) {
  let begun = null, end = 0;
  pen.beginPath();
  each(now, (column, place) => {
    end = x((column + 0.5) / FINE);
    if (begun === null) begun = end;
    pen.lineTo(end, foot - 1 - (foot - 4) * kept[name][place]);
  });
  if (begun === null) return;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.6;
  pen.lineJoin = "round";
  if (!filled) { pen.stroke(); return; }
  pen.lineTo(end, foot);
  pen.lineTo(begun, foot);
  pen.fillStyle = `${colour}66`;
  pen.fill();
}

function mark(pen, x, width, foot, colour, text) {
  pen.fillStyle = colour;
  pen.fillRect(x - 1, 0, 2, foot);
  pen.font = "600 11px system-ui, sans-serif";
  const wide = pen.measureText(text).width + 10, left = x + wide > width ? x + 1 - wide : x - 1;
  pen.fillRect(left, 0, wide, 15);
  pen.fillStyle = "#0b0c10";
  pen.textAlign = "left";
  pen.fillText(text, left + 5, 11);
}
