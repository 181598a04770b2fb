// Two looks laid out by hand and the fader between them, each with its picture.

import { el, fader, hears } from "./widgets.js";
import { set, show } from "./show.js";
import { picture, titled } from "./setlist.js";

export function decks() {
  const off = el("button", { class: "push", title: "take both looks off: the set plays on", onclick: () => ["a", "b"].forEach((side) => set(`deck.${side}`, 0)) }, "decks off");
  const draw = () => { off.disabled = !show.values["deck.a"] && !show.values["deck.b"]; };
  for (const side of "ab") hears(off, `value deck.${side}`, draw);
  draw();
  return el("div", { class: "decks" }, deck("a"),
    el("div", { class: "cross" }, fader("crossfader", "A ↔ B"), el("div", { class: "row" }, cut("A", 0), off, cut("B", 1))), deck("b"));
}

const cut = (side, to) => el("button", { class: "push", title: `crossfader to ${side}`, onclick: () => set("crossfader", to) }, `${to ? "" : "◀ "}all ${side}${to ? " ▶" : ""}`);

// An empty deck is what plays, whatever that is.
function deck(side) {
  const address = `deck.${side}`;
  const choose = el("select", { "aria-label": `deck ${side}`, onchange: () => set(address, choose.value === "" ? 0 : choose.value) });
  const offer = () => choose.replaceChildren(el("option", { value: "" }, "what plays"), ...show.scenes.map(({ name, title }) => el("option", { value: name }, title || name)));
  const sight = el("span", { class: "sight" });
  let drawn = null;
  const draw = () => {
    const laid = show.values[address] || "";
    if (choose.value !== laid) choose.value = laid;
    const name = laid || show.now.playing, seen = `${name} ${show.scenes.find((scene) => scene.name === name)?.seen}`;
    if (seen !== drawn) { drawn = seen; sight.replaceChildren(picture(name), el("b", {}, titled(name))); }
    node.classList.toggle("laid", Boolean(laid));
    node.style.setProperty("--share", side === "a" ? 1 - (show.values.crossfader ?? 0) : show.values.crossfader ?? 0);
  };
  const node = el("div", { class: `deck ${side}` }, sight, el("label", {}, el("i", {}, side.toUpperCase()), choose));
  for (const what of [`value ${address}`, "value crossfader", "now"]) hears(node, what, draw);
  hears(node, "scenes", () => { offer(); draw(); });
  offer();
  draw();
  return node;
}
