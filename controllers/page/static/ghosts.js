// Marks beside the hand's: where the show has a number that a hand holds, where a knob stands that
// waits to be picked up, and how far a moved number went in the last seconds. Places are 0..1.

const GLIDE_MS = 35; // news come 20 times a second; between them marks go on smoothly
const NEAR = 3 / 127; // so near a knob picks its value up, as controllers/takeover.py has it
const STEP_MS = 500, KEPT_MS = 4000;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const known = new WeakMap(); // node -> property -> where it is and where it goes
const gliding = new Set();
let last = 0;

// Let a custom property of a node go to a place; `jumps` where it was not seen before.
export function glide(node, property, to, jumps = false) {
  if (!known.has(node)) known.set(node, new Map());
  const places = known.get(node), place = places.get(property) ?? { at: to, to };
  place.to = to;
  if (jumps || still.matches || !places.has(property)) place.at = to;
  places.set(property, place);
  node.style.setProperty(property, place.at.toFixed(4));
  if (place.at === to) return;
  if (!gliding.size) { last = performance.now(); requestAnimationFrame(step); }
  gliding.add(node);
}

function step(time) {
  const share = 1 - Math.exp(-Math.max(0, time - last) / GLIDE_MS);
  last = time;
  for (const node of gliding) {
    let moves = false;
    for (const [property, place] of known.get(node)) {
      if (place.at === place.to) continue;
      const left = place.to - place.at;
      place.at = Math.abs(left) < 0.001 ? place.to : place.at + share * left;
      node.style.setProperty(property, place.at.toFixed(4));
      moves ||= place.at !== place.to;
    }
    if (!moves || !node.isConnected) gliding.delete(node);
  }
  if (gliding.size) requestAnimationFrame(step);
}

// A function of each new place that gives the lowest and the highest of the last seconds.
export function reach() {
  const spans = [];
  return (at) => {
    const now = performance.now(), newest = spans[spans.length - 1];
    if (newest && now - newest.since < STEP_MS) {
      newest.low = Math.min(newest.low, at);
      newest.high = Math.max(newest.high, at);
    } else spans.push({ since: now, low: at, high: at });
    while (now - spans[0].since > KEPT_MS) spans.shift();
    return [Math.min(...spans.map(({ low }) => low)), Math.max(...spans.map(({ high }) => high))];
  };
}

// Which way a knob is to be moved to a place: 1 up, -1 down, 0 for one that is near enough.
export const way = (knob, at) => (Math.abs(knob - at) <= NEAR ? 0 : Math.sign(at - knob));

// The same in words; `knob` is its value and whose it is, `say` says a value.
export function pickUp([value, source], wanted, up, say) {
  const whose = source.replace(/^midi:/, "");
  return up ? `${whose} stands at ${say(value)}: turn it ${up > 0 ? "up" : "down"} by ${say(Math.abs(wanted - value))} to pick this up` : "";
}
