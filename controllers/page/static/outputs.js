// The windows of the show: corners pulled on the preview, test cards, the rest of their mapping.

import { drag, el, hears, panel, pusher, switcher } from "./widgets.js";
import { set, show, toggle } from "./show.js";

const NAMES = ["top left", "top right", "bottom right", "bottom left"];

export function outputs(room) {
  const draw = () => room.replaceChildren(
    ...show.outputs.map(one),
    panel("all outputs", el("div", { class: "row" }, switcher("record", "● record", "danger"), el("button", { class: "push", onclick: () => toggle("output.test_card") }, "test cards"),
      pusher("output.save", "save into the rig"), pusher("output.undo", "undo"))));
  let seen = shape();
  hears(room, "outputs", () => { if (shape() !== seen) { seen = shape(); draw(); } });
  draw();
}

const shape = () => show.outputs.map(({ name }) => name).join();

function one(output, n) {
  const sheet = el("div", { class: "corners" });
  const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const outline = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
  lines.setAttribute("viewBox", "0 0 1 1");
  lines.setAttribute("preserveAspectRatio", "none");
  lines.append(outline);
  const picture = el("canvas", { width: 480, height: 270, "aria-hidden": "true" });
  const preview = document.querySelector("#preview canvas"), pen = picture.getContext("2d");
  hears(sheet, "picture", () => pen.drawImage(preview, 0, 0, picture.width, picture.height));
  const corners = () => show.outputs[n]?.corners ?? [];
  const marks = NAMES.map((name, k) => {
    const mark = el("button", { class: "corner", "aria-label": `corner ${name}`, title: "pull; arrows move it finely" });
    const put = (x, y) => {
      show.outputs[n].corners[k] = [x, y];
      set(`output.${n + 1}.corner.${k + 1}.x`, x);
      set(`output.${n + 1}.corner.${k + 1}.y`, y);
      draw();
    };
    drag(mark, (event) => {
      const box = sheet.getBoundingClientRect();
      put((event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height);
    });
    mark.addEventListener("keydown", (event) => {
      const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!way) return;
      event.preventDefault();
      const [x, y] = corners()[k], step = event.shiftKey ? 0.01 : 0.001;
      put(x + way[0] * step, y + way[1] * step);
    });
    return mark;
  });
  const draw = () => {
    corners().forEach(([x, y], k) => {
      if (!marks[k]) return;
      marks[k].style.left = `${100 * x}%`;
      marks[k].style.top = `${100 - 100 * y}%`;
    });
    outline.setAttribute("points", corners().map(([x, y]) => `${x},${1 - y}`).join(" "));
  };
  const card = el("button", { class: "switch", "aria-pressed": "false", onclick: () => toggle(`output.${n + 1}.test_card`) }, "test card");
  const tell = () => {
    card.setAttribute("aria-pressed", String(Boolean(show.outputs[n]?.card)));
    if (!sheet.querySelector(".moving")) draw();
  };
  sheet.append(picture, lines, ...marks);
  hears(sheet, "outputs", tell);
  tell();
  return panel(`${output.name}${output.display ? ` on ${output.display}` : ""}`, sheet,
    el("div", { class: "row" }, card, pusher(`output.${n + 1}.reset`, "straight again")));
}
