// What is drawn rather than touched: signals with their history, the spectrum, frame times.

import { el, hears, panel } from "./widgets.js";
import { fit } from "./meter.js";
import { show } from "./show.js";

const SHOWN = ["level", "bass", "mid", "high", "kick", "snare", "hat", "presence", "intensity", "build", "drop", "silence", "onbeat", "brightness", "hue", "confidence"];
const COLD = "#58c8f5", DIM = "#2a2d36", BAD = "#ff5a52";

const NOT_HEARD = /(_time|_count)$|^(t|beat|bpm|base|knob\d)$/;

// What the ear knows first, then what else the look uses; each with what it moves.
export function scopes() {
  const uses = moved(), used = [...uses.keys()].filter((name) => show.names.includes(name) && !NOT_HEARD.test(name));
  const names = [...new Set([...SHOWN, ...used.sort()])].filter((name) => show.names.includes(name));
  return el("div", { class: "scopes" }, ...names.map((name) => scope(name, uses.get(name) ?? [])));
}

// Names of signals to the controls whose expressions have them.
function moved() {
  const uses = new Map();
  for (const { name, moved: expression } of show.controls.values()) {
    for (const signal of new Set(expression?.match(/[a-z_][\w.]*/g) ?? [])) uses.set(signal, [...(uses.get(signal) ?? []), name]);
  }
  return uses;
}

function scope(name, controls) {
  const canvas = el("canvas", { "aria-hidden": "true" }), said = el("output");
  const few = controls.slice(0, 3).map((address) => address.replace(/^effects\.|^layers\./, "").replaceAll("_", " "));
  const node = el("figure", { class: controls.length ? "moves" : "" }, canvas, el("figcaption", {}, el("span", {}, name.replaceAll("_", " ")), said),
    controls.length ? el("p", { title: controls.map((address) => `${address} = ${show.controls.get(address).moved}`).join("\n") },
      `moves ${few.join(", ")}${controls.length > 3 ? ` and ${controls.length - 3} more` : ""}`) : null);
  let ticks = 0;
  hears(node, "heard", () => {
    const rows = show.history[name];
    if (!rows) return;
    line(fit(canvas), rows, COLD);
    if (ticks++ % 5 === 0) said.textContent = rows[rows.length - 1].toFixed(2); // quicker than that nobody reads
  });
  return node;
}

function line({ pen, width, height }, rows, colour) {
  pen.beginPath();
  rows.forEach((value, n) => pen.lineTo(n * width / (rows.length - 1), height - 2 - (height - 4) * Math.min(1, Math.max(0, value))));
  pen.strokeStyle = colour;
  pen.lineWidth = 1.6;
  pen.stroke();
  pen.lineTo(width, height);
  pen.lineTo(0, height);
  pen.globalAlpha = 0.18;
  pen.fillStyle = colour;
  pen.fill();
  pen.globalAlpha = 1;
}

export function spectrum(canvas) {
  const pen = canvas.getContext("2d"), { width, height } = canvas;
  return () => {
    pen.clearRect(0, 0, width, height);
    const wide = width / show.spectrum.length;
    show.spectrum.forEach((level, n) => {
      const high = height * level / 100;
      pen.fillStyle = `hsl(${28 + 165 * n / show.spectrum.length} 90% 62%)`;
      pen.fillRect(n * wide, height - high, wide - 1.5, high);
    });
  };
}

export function health(room) {
  const display = el("canvas", { width: 480, height: 90 }), model = el("canvas", { width: 480, height: 90 });
  const facts = el("dl", { class: "facts" }), parts = el("div", { class: "parts", "aria-hidden": "true" }), caption = el("p", { class: "hint" });
  const draw = () => {
    const now = show.health;
    if (!now.frame_ms) return;
    bars(display.getContext("2d"), now.frame_ms, now.late_ms);
    bars(model.getContext("2d"), now.model_ms, Infinity);
    facts.replaceChildren(...Object.entries(rows(now)).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))]));
    const way = ["capture_ms", "analysis_ms", "waiting_ms", "drawing_ms", "presentation_ms"];
    parts.replaceChildren(...way.map((name) => el("i", { style: `flex:${Math.max(0.5, now[name] ?? 0)}`, title: name })));
    caption.textContent = way.map((name) => `${name.replace("_ms", "")} ${(now[name] ?? 0).toFixed(1)}`).join(" · ");
  };
  const lines = el("ol", { class: "told" });
  const tell = () => lines.replaceChildren(...[...(show.health.lines ?? [])].reverse().map(([time, text]) => el("li", {}, el("time", {}, clock(time)), text)));
  hears(facts, "health", () => { draw(); tell(); });
  room.append(...[
    panel("display, ms a picture", display), panel("model, ms a picture", model),
    panel("from sound to light, ms", parts, caption), panel("figures", facts), panel("what the show said", lines)]);
  draw();
  tell();
}

export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function rows(now) {
  const fixed = (value, digits = 1) => (typeof value === "number" ? value.toFixed(digits) : "–");
  return {
    "pictures shown a second": fixed(now.display_fps), "late pictures": now.late_frames ?? 0,
    "model": `${now.runtime || "none"}, ${now.generator_state}`, "model pictures a second": fixed(now.generator_fps),
    "model restarts": now.generator_restarts ?? 0, "model's last trouble": now.generator_fault || "none",
    "sound to light": `${fixed(now.latency_ms)} ms`, "input peak": `${fixed(now.input_peak_db)} dB`,
    "clipped": now.input_clipped ?? 0, "sound lost": now.audio_overruns ?? 0, "faults": now.faults ?? 0,
    "memory": `${fixed(now.rss_mb, 0)} MB`, "time": clock(now.time ?? 0),
  };
}

function bars(pen, rows, limit) {
  const { width, height } = pen.canvas, top = Math.max(20, ...rows) * 1.1, wide = width / Math.max(60, rows.length);
  pen.clearRect(0, 0, width, height);
  rows.forEach((ms, n) => {
    const high = height * ms / top;
    pen.fillStyle = ms > limit ? BAD : COLD;
    pen.fillRect(width - (rows.length - n) * wide, height - high, Math.max(1, wide - 1), high);
  });
  pen.fillStyle = DIM;
  if (limit < top) pen.fillRect(0, height - height * limit / top, width, 1);
  pen.fillStyle = "#9a9ca6";
  pen.font = "12px system-ui";
  pen.fillText(`${Math.round(top / 1.1)} ms`, 4, 12);
}
