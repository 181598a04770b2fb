// The words of the look, how loud each is, and how the model draws them.

import { columns, el, fader, hears, label, macros, of, panel, put, words } from "./widgets.js";
import { release, set, show } from "./show.js";

let added = ""; // a prompt that was asked for, whose words are typed next

export function prompts(room) {
  const rows = of("prompts.").filter((name) => name.endsWith(".text")).map((text) => {
    const weight = text.replace(".text", ".weight"), n = text.split(".")[1];
    let before; // what a hand held before it muted
    const mute = el("button", { class: "switch", "aria-pressed": "false", title: "without this prompt; again brings it back", onclick: () => {
      if (show.held[weight] > 0 || show.held[weight] === undefined) { before = show.held[weight]; set(weight, 0); show.held[weight] = 0; draw(); }
      else if (before > 0) set(weight, before);
      else release(weight);
    } }, "mute");
    const node = el("div", { class: "prompt" }, words(text, `prompt ${n}`), emphasised(text), el("div", { class: "row" }, fader(weight, "weight"), mute, letGo(text, weight)));
    const draw = () => {
      mute.setAttribute("aria-pressed", String(show.held[weight] <= 0));
      node.classList.toggle("muted", show.held[weight] <= 0);
      node.classList.toggle("silent", (show.held[weight] ?? show.values[weight] ?? 0) <= 0); // the look may want it so
    };
    for (const what of [`value ${weight}`, `held ${weight}`]) hears(mute, what, draw);
    draw();
    if (text === added) { added = ""; requestAnimationFrame(() => { const field = node.querySelector("textarea"); field.focus(); field.select(); }); }
    return node;
  });
  const free = nextPrompt();
  const add = free && el("button", { class: "push", onclick: () => { added = free; set(free, "a new prompt"); } }, "add a prompt");
  put(room,
    panel("prompts", rows, add, el("p", { class: "hint" }, "Enter sends the words now, Ctrl+Enter on the next bar. (words) count more, [words] less, (words:1.4) so much.")),
    columns(panel("words of the look", of("words.").map((name) => el("div", { class: "prompt" }, el("span", { class: "name" }, `{${label(name)}}`), words(name, label(name))))),
    panel("how it is drawn", ["strength", "steps", "guidance", "seed", "noise_drift", "crossfade", "contours", "flow", "cadence", "opacity"].map((name) => fader(name))),
    panel("LoRAs", of("loras.").map((name) => fader(name))),
    panel("what is redrawn", of("source").map((name) => fader(name))),
    macros()),
  );
}

// Gives the words back to the look; a prompt that was added goes.
function letGo(...addresses) {
  const node = el("button", { class: "push", title: "give back to the look", "aria-label": "let go", onclick: () => addresses.forEach(release) }, "×");
  const draw = () => { node.hidden = !addresses.some((address) => address in show.held); };
  hears(node, "held", draw);
  draw();
  return node;
}

function nextPrompt() {
  const numbers = of("prompts.").map((name) => Number(name.split(".")[1]));
  const next = Math.max(0, ...numbers) + 1;
  return next <= 12 ? `prompts.${next}.text` : null;
}

// How A1111's emphasis is understood: louder words are seen louder.
function emphasised(address) {
  const node = el("p", { class: "emphasis", "aria-hidden": "true" });
  const draw = () => {
    const text = String(show.values[address] ?? "");
    node.replaceChildren();
    if (!/[()[\]]/.test(text)) return;
    let weight = 1;
    for (const part of text.split(/(\((?=[^()]*:[\d.]+\))|:[\d.]+\)|[()[\]])/)) {
      if (part === "(") weight *= 1.1;
      else if (part === "[") weight /= 1.1;
      else if (part === ")" || /^:[\d.]+\)$/.test(part)) weight = 1;
      else if (part === "]") weight *= 1.1;
      else if (part) {
        const ahead = text.slice(text.indexOf(part) + part.length).match(/^:([\d.]+)\)/);
        const much = ahead ? Number(ahead[1]) : weight;
        node.append(el("span", { style: `opacity:${Math.min(1, 0.35 + 0.5 * much)};font-weight:${much > 1.02 ? 700 : 400}` }, part));
      }
    }
  };
  hears(node, `value ${address}`, draw);
  draw();
  return node;
}
