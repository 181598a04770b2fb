// The tempo desk, the sound that comes in, and what the ear makes of it.

import { columns, either, el, fader, hears, of, panel, pusher, put, switcher, tapper } from "./widgets.js";
import { beatNow, press, set, show } from "./show.js";
import { scopes } from "./drawn.js";
import { meter } from "./meter.js";
import { strip } from "./strip.js";

const NEXT_TO_METER = ["hearing.auto_gain", "hearing.gain"];
const SOURCES = { auto: "auto", audio: "the ear", prolink: "Pro DJ Link", link: "Ableton Link", midi: "MIDI clock", tap: "taps", fixed: "as typed" };
const open = new Set(); // what was unfolded stays so

export function ear(room) {
  put(room,
    panel("the last 64 beats", strip()),
    columns(panel("tempo", tempo(), el("div", { class: "taps" }, tapper("tap"),
      el("div", { class: "desk" }, pusher("beat_one", "beat one", "this beat is the first of the bar"), switcher("tempo.lock", "lock"),
        pusher("tempo.halve", "÷ 2"), pusher("tempo.double", "× 2"),
        pusher("tempo.earlier", "◀ earlier"), pusher("tempo.later", "later ▶"))),
    fold("more of the tempo", el("div", { class: "row" }, pusher("tempo.relearn", "listen anew"), pusher("tempo.range", "next range")),
      fader("tempo.bpm", "bpm"), fader("tempo.nudge", "nudge"), fader("tempo.offset", "drawn earlier by"),
      fader("tempo.low", "slowest"), fader("tempo.high", "fastest"))),
    panel("sound", meter(), input(), el("div", { class: "gains" }, either("hearing.auto_gain", "automatic gain"), gained()), fader("hearing.gain", "gain"),
      fold("how the look listens", ...of("hearing.").filter((name) => !NEXT_TO_METER.includes(name)).map((name) => fader(name, name.replace("hearing.", "").replaceAll("_", " "))))),
    panel("whose beat", sources())),
    panel("signals", scopes()),
  );
}

function fold(title, ...children) {
  const node = el("details", { open: open.has(title), ontoggle: () => (node.open ? open.add(title) : open.delete(title)) },
    el("summary", {}, title), el("div", { class: "folded" }, ...children.filter(Boolean)));
  return node;
}

// Tempo, lights of the bar, the place in the phrase, and how sure the ear is.
function tempo() {
  const bpm = el("b"), rest = el("small"), sure = el("i");
  const lights = el("div", { class: "lights" }, ...[1, 2, 3, 4].map((n) => el("i", {}, String(n))));
  const phrase = el("div", { class: "phrase" }, ...Array.from({ length: 16 }, () => el("i")));
  const bar = el("div", { class: "sure", role: "meter", "aria-label": "confidence", "aria-valuemin": 0, "aria-valuemax": 100 }, sure);
  const node = el("div", { class: "tempo" }, el("p", {}, bpm, el("span", {}, "bpm")), lights, phrase, bar, rest);
  const tell = (text, said) => { if (text.textContent !== said) text.textContent = said; };
  hears(node, "now", ({ bpm: now, confidence, source }) => {
    const count = Math.floor(beatNow()), at = count % 16, health = show.health;
    tell(bpm, now.toFixed(1));
    [...lights.children].forEach((light, n) => light.classList.toggle("on", n === count % 4));
    [...phrase.children].forEach((cell, n) => { cell.className = n === at ? "on" : n < at ? "past" : ""; });
    sure.style.width = `${Math.round(100 * confidence)}%`;
    bar.classList.toggle("unsure", confidence < 0.3);
    bar.setAttribute("aria-valuenow", Math.round(100 * confidence));
    const more = [health.tempo_scale && health.tempo_scale !== 1 && `× ${health.tempo_scale}`, health.tempo_taught && `taught ${health.tempo_taught}`, health.nudge_ms && `nudged ${health.nudge_ms} ms`];
    tell(rest, [`${Math.round(100 * confidence)} % sure`, SOURCES[source] ?? source, `bar ${Math.floor(at / 4) + 1} of 4`, `phrase ${Math.floor(count / 16) + 1}`, ...more.filter(Boolean)].join(" · "));
  });
  return node;
}

// Whose beat: who is there, what each says, who is followed.
function sources() {
  const choices = show.controls.get("tempo.source")?.choices ?? [];
  const rows = choices.map((name) => {
    const says = el("small");
    const button = el("button", { role: "radio", "aria-checked": "false", onclick: () => { if (!show.learning) set("tempo.source", name); } }, el("span", {}, SOURCES[name] ?? name), says);
    return { name, button, says };
  });
  const node = el("div", { class: "who", role: "radiogroup", "aria-label": "whose beat" }, ...rows.map(({ button }) => button));
  const draw = () => {
    const said = show.health.tempo_sources ?? {}, chosen = show.values["tempo.source"] ?? "auto";
    for (const { name, button, says } of rows) {
      button.setAttribute("aria-checked", String(name === chosen));
      const followed = show.now.source === name;
      button.classList.toggle("followed", followed);
      const there = name === "auto" ? "the best there is" : name === "audio" ? said.audio ?? "listens" : said[name] ?? "not asked for";
      says.textContent = followed ? `${there ? `${there} · ` : ""}followed` : there;
      button.classList.toggle("absent", !(name in said) && !["auto", "audio"].includes(name));
    }
  };
  hears(node, "health", draw);
  hears(node, "value tempo.source", draw);
  draw();
  return node;
}

// Which sound is heard; another is taken over once it gives sound.
function input() {
  const choose = el("select", { "aria-label": "sound input", onchange: ({ target }) => { wanted = target.value; press("audio.input", wanted); late(); } });
  const told = el("small");
  const node = el("div", { class: "input" }, el("span", {}, "from"), choose,
    pusher("audio.look", "look again", "for inputs that were plugged in since; the sound stops for a blink"), told);
  let wanted = null, timer = 0;
  const draw = () => {
    const names = show.controls.get("audio.input")?.choices ?? [], heard = show.values["audio.input"] ?? "";
    if (choose.options.length !== names.length || names.some((name, n) => choose.options[n].value !== name)) {
      choose.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
    }
    if (wanted === heard) wanted = null;
    choose.value = wanted ?? heard;
    choose.disabled = names.length === 0;
    const { song, channels } = show.now.sound ?? {};
    told.textContent = wanted ? `opening ${wanted}` : song ? "" : channels ?? "";
    node.classList.toggle("waits", Boolean(wanted));
  };
  // What was refused is told among the show's lines; here the old name comes back.
  const late = () => { clearTimeout(timer); timer = setTimeout(() => { wanted = null; draw(); }, 7000); draw(); };
  hears(node, "value audio.input", draw);
  hears(node, "health", draw);
  draw();
  return node;
}

// What the gain, the automatic one too, adds now.
function gained() {
  const node = el("output", { class: "gained" });
  hears(node, "now", ({ sound }) => {
    const db = sound?.gain_db ?? 0;
    node.textContent = sound?.gain_db > -79 ? `gives ${db < 0 ? "−" : "+"}${Math.abs(db).toFixed(1)} dB now` : "all is shut";
  });
  return node;
}
