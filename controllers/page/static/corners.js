// One output's picture as it lies on its screen, and handles to pull it by: corners, or the points
// of its grid. A finger moves a handle by as far as it moves, or a tenth of that; arrows by a pixel
// of the output. What is under the finger is seen in a loupe.

import { drag, el, hears } from "./widgets.js";
import { set, show } from "./show.js";

const CORNERS = ["top left", "top right", "bottom right", "bottom left"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowRight: [1, 0] };
const LOUPE = 4; // times as large
const FINE = 0.1;
const REST_MS = 350, AGAIN_MS = 60; // of an arrow that is held
const WAITS = []; // while nothing is known
const hands = new Map(); // output -> which handles are shown, which one is chosen, whether finely

// The projective map of the unit square to four corners, by rows, as engine/render/geometry.py has it.
function pulled(corners) {
  const [[x3, y3], [x2, y2], [x1, y1], [x0, y0]] = corners;
  const sx = x0 - x1 + x2 - x3, sy = y0 - y1 + y2 - y3;
  const determinant = (x1 - x2) * (y3 - y2) - (x3 - x2) * (y1 - y2);
  const g = (sx * (y3 - y2) - (x3 - x2) * sy) / determinant, h = ((x1 - x2) * sy - sx * (y1 - y2)) / determinant;
  return [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, 1];
}

const through = (m, [x, y]) => {
  const w = m[6] * x + m[7] * y + m[8];
  return [(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w];
};
const times = (a, b) => a.map((_, n) => [0, 1, 2].reduce((sum, k) => sum + a[n - n % 3 + k] * b[3 * k + n % 3], 0));
const back = ([a, b, c, d, e, f, g, h, i]) => [ // but for its size, which does not matter here
  e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d,
];

// The same map for a box of the page, whose pixels go down, as CSS wants it.
function bends(map, width, height) {
  const m = times(times([width, 0, 0, 0, -height, height, 0, 0, 1], map), [1 / width, 0, 0, 0, -1 / height, 1, 0, 0, 1]);
  return `matrix3d(${[m[0], m[3], 0, m[6], m[1], m[4], 0, m[7], 0, 0, 1, 0, m[2], m[5], 0, m[8]].join()})`;
}

// Handles as they lie on the output: places from its lower left corner.
function places(output, kind) {
  if (kind === "corner") return output.corners;
  const map = pulled(output.corners);
  return (output.grid?.points ?? WAITS).map((point) => through(map, point));
}

// The preview cut out, turned and mirrored as this output shows it.
function paint(pen, { crop, rotate, flip }, preview) {
  const { width, height } = pen.canvas, lying = rotate % 180 !== 0;
  const [left, bottom, wide, high] = crop, w = preview.width, h = preview.height;
  pen.setTransform(1, 0, 0, 1, width / 2, height / 2);
  pen.scale(flip === "x" || flip === "both" ? -1 : 1, flip === "y" || flip === "both" ? -1 : 1);
  pen.rotate(-rotate * Math.PI / 180);
  const [across, down] = lying ? [height, width] : [width, height];
  pen.drawImage(preview, left * w, (1 - bottom - high) * h, wide * w, high * h, -across / 2, -down / 2, across, down);
}

// Whether four corners can be pulled so, as engine/render/mapping.py asks: others are refused there.
function convex(at) {
  const turns = at.map(([ax, ay], n) => {
    const [bx, by] = at[(n + 1) % 4], [cx, cy] = at[(n + 2) % 4];
    return (bx - ax) * (cy - by) - (by - ay) * (cx - bx);
  });
  return Math.min(...turns) > 1e-4 || Math.max(...turns) < -1e-4;
}

function outline(output, kind) {
  if (kind === "corner" || !output.grid) return `M${output.corners.map(([x, y]) => `${x} ${1 - y}`).join("L")}Z`;
  const { columns, rows } = output.grid, at = places(output, kind).map(([x, y]) => `${x} ${1 - y}`);
  const lines = Array.from({ length: rows }, (_, r) => at.slice(r * columns, (r + 1) * columns));
  return [...lines, ...Array.from({ length: columns }, (_, c) => lines.map((line) => line[c]))].map((line) => `M${line.join("L")}`).join("");
}

export const chosenOf = (n) => hands.get(n) ?? hands.set(n, { kind: "corner", k: 0, fine: false }).get(n);

// The sheet with its handles, and below it the chosen one in pixels, with arrows for fingers.
export function corners(n) {
  const hand = chosenOf(n), output = () => show.outputs[n];
  if (!output().grid) hand.kind = "corner";
  const sheet = el("div", { class: "corners" });
  const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  lines.setAttribute("viewBox", "0 0 1 1");
  lines.setAttribute("preserveAspectRatio", "none");
  lines.append(path);
  const picture = el("canvas", { width: 480, height: 270, "aria-hidden": "true" }), pen = picture.getContext("2d");
  const loupe = el("canvas", { class: "loupe", width: 240, height: 240, "aria-hidden": "true" });
  const preview = document.querySelector("#preview canvas");
  const name = el("span"), where = el("output");
  const marks = places(output(), hand.kind).map((_, k) => mark(k));

  function mark(k) {
    const node = el("button", { class: `corner ${hand.kind}`, "aria-label": hand.kind === "corner" ? `corner ${CORNERS[k]}` : `point ${k + 1}`,
      title: "pull; arrows move it by a pixel, with Shift by ten" });
    let last = null;
    drag(node, (event) => {
      if (event.type === "pointerdown") { choose(k); last = event; return draw(); }
      const box = sheet.getBoundingClientRect(), share = hand.fine || event.shiftKey ? FINE : 1;
      move(k, share * (event.clientX - last.clientX) / box.width, -share * (event.clientY - last.clientY) / box.height);
      last = event;
    }, () => draw());
    node.addEventListener("keydown", (event) => {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      nudge(k, ARROWS[event.key], event.shiftKey ? 10 : 1);
    });
    node.addEventListener("focus", () => choose(k));
    return node;
  }

  function choose(k) {
    hand.k = k;
    draw();
  }

  // From where it was moved to last: what the show says of it comes later than the next step.
  let moved = -1e9, mine = null, settle = 0;
  function move(k, dx, dy) {
    const fresh = mine?.k === k && performance.now() - moved < REST_MS;
    const [x, y] = fresh ? mine.at : places(output(), hand.kind)[k];
    put(k, [x + dx, y + dy]);
  }

  const nudge = (k, [x, y], pixels) => {
    const [width, height] = output().place, step = pixels * (hand.fine ? FINE : 1);
    move(k, x * step / width, y * step / height);
  };

  function put(k, place) {
    const to = hand.kind === "corner" ? place : through(back(pulled(output().corners)), place);
    const [x, y] = to.map((share) => Math.min(2, Math.max(-1, share)));
    const points = hand.kind === "corner" ? output().corners : output().grid.points;
    if (hand.kind === "corner" && !convex(points.map((point, other) => other === k ? [x, y] : point))) return;
    points[k] = [x, y];
    mine = { k, at: place };
    moved = performance.now();
    clearTimeout(settle);
    settle = setTimeout(draw, 2 * REST_MS); // by then the show has said how it stands
    set(`output.${n + 1}.${hand.kind}.${k + 1}.x`, x);
    set(`output.${n + 1}.${hand.kind}.${k + 1}.y`, y);
    draw();
  }

  function draw() {
    if (!output()) return;
    const at = places(output(), hand.kind), [width, height] = output().place;
    marks.forEach((node, k) => {
      if (!at[k]) return;
      node.style.left = `${100 * at[k][0]}%`;
      node.style.top = `${100 - 100 * at[k][1]}%`;
      node.classList.toggle("chosen", k === hand.k);
    });
    path.setAttribute("d", outline(output(), hand.kind));
    picture.style.transform = bends(pulled(output().corners), sheet.clientWidth || 1, sheet.clientHeight || 1);
    sheet.style.setProperty("--shape", width / height);
    const [x, y] = at[hand.k] ?? at[0];
    name.textContent = hand.kind === "corner" ? CORNERS[hand.k] : `point ${hand.k + 1}`;
    where.textContent = `${(x * width).toFixed(1)}, ${(y * height).toFixed(1)} px`;
    const pulls = marks.some((node) => node.classList.contains("moving"));
    loupe.classList.toggle("seen", pulls);
    loupe.classList.toggle("right", x < 0.5);
    if (pulls) magnify(x, y);
  }

  // What lies about the chosen handle, from the sheet's picture as it is bent.
  function magnify(x, y) {
    const glass = loupe.getContext("2d"), side = loupe.width, width = sheet.clientWidth, height = sheet.clientHeight;
    const scale = LOUPE * side / loupe.clientWidth; // pixels of the loupe in one of the sheet
    const to = ([px, py]) => [side / 2 + (px - x) * width * scale, side / 2 - (py - y) * height * scale];
    glass.setTransform(1, 0, 0, 1, 0, 0);
    glass.fillStyle = "#0f1116";
    glass.fillRect(0, 0, side, side);
    const [[ax, ay], [bx, by], , [dx, dy]] = output().corners.map(to);
    glass.setTransform((bx - ax) / picture.width, (by - ay) / picture.width, (dx - ax) / picture.height, (dy - ay) / picture.height, ax, ay);
    glass.globalAlpha = 0.55;
    glass.drawImage(picture, 0, 0); // straight lines only: near a handle that is enough
    glass.globalAlpha = 1;
    glass.setTransform(1, 0, 0, 1, 0, 0);
    const paths = new Path2D(), shape = new DOMMatrix([width * scale, 0, 0, height * scale, side / 2 - x * width * scale, side / 2 - (1 - y) * height * scale]);
    paths.addPath(new Path2D(outline(output(), hand.kind)), shape);
    glass.strokeStyle = "#58c8f5";
    glass.lineWidth = 3;
    glass.stroke(paths);
    glass.strokeStyle = "#ffa23e";
    glass.lineWidth = 2;
    glass.stroke(new Path2D(`M${side / 2} ${side / 2 - 26}v52M${side / 2 - 26} ${side / 2}h52`));
  }

  const arrows = Object.entries(ARROWS).map(([key, way]) => held(key.slice(5).toLowerCase(), () => nudge(hand.k, way, 1)));
  const finely = el("button", { class: "switch", "aria-pressed": String(hand.fine), title: "fingers and arrows move a tenth as far" }, "fine");
  finely.addEventListener("click", () => { hand.fine = !hand.fine; finely.setAttribute("aria-pressed", String(hand.fine)); });
  hears(sheet, "picture", () => { if (output()) paint(pen, output(), preview); });
  hears(sheet, "outputs", () => { if (performance.now() - moved > REST_MS) draw(); });
  new ResizeObserver(draw).observe(sheet);
  sheet.append(picture, lines, ...marks, loupe);
  paint(pen, output(), preview);
  draw();
  return [sheet, el("div", { class: "row nudges" }, el("div", { class: "where" }, name, where), ...arrows, finely)];
}

const SIGNS = { left: "←", up: "↑", down: "↓", right: "→" };

// An arrow for fingers, that goes on while it is held.
function held(name, act) {
  const node = el("button", { class: "push", "aria-label": `move ${name}` }, SIGNS[name]);
  let timer = 0;
  const stop = () => { clearTimeout(timer); clearInterval(timer); timer = 0; };
  node.addEventListener("pointerdown", (event) => {
    if (event.button || show.learning) return;
    stop();
    act();
    timer = setTimeout(() => { timer = setInterval(() => { if (node.isConnected) act(); else stop(); }, AGAIN_MS); }, REST_MS);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) node.addEventListener(end, stop);
  node.addEventListener("click", (event) => { if (!event.detail) act(); }); // by the keyboard
  return node;
}
