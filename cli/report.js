"use strict";
const charts = JSON.parse(document.getElementById("points").textContent);
const shape = (name, attributes) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};
const nearest = (xs, x) => {
  let low = 0, high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1; else high = middle;
  }
  return low > 0 && x - xs[low - 1] < xs[low] - x ? low - 1 : low;
};
for (const svg of document.querySelectorAll("svg[data-chart]")) {
  const chart = charts[svg.dataset.chart];
  const hover = svg.querySelector(".hover"), figure = svg.parentNode;
  const [x0, x1, left, right] = chart.x, [y0, y1, bottom, top] = chart.y;
  const tip = document.createElement("div");
  tip.className = "tip"; tip.hidden = true; figure.append(tip);
  const leave = () => { tip.hidden = true; hover.replaceChildren(); };
  const move = event => {
    const frame = svg.getBoundingClientRect(), scale = frame.width / svg.viewBox.baseVal.width;
    const at = (event.clientX - frame.left) / scale;
    const x = x0 + (at - left) / (right - left) * (x1 - x0);
    let found = chart.lines.filter(line => line.xs.length)
      .map(line => ({line, place: nearest(line.xs, x)}));
    if (!found.length) return;
    const distance = one => Math.abs(one.line.xs[one.place] - x);
    const closest = found.reduce((one, other) => distance(other) < distance(one) ? other : one);
    const step = closest.line.xs[closest.place], reach = (x1 - x0) / 40;
    found = found.filter(one => Math.abs(one.line.xs[one.place] - step) <= reach);
    const screen = value => left + (value - x0) / (x1 - x0) * (right - left);
    hover.replaceChildren(shape("line", {x1: screen(step), x2: screen(step), y1: top, y2: bottom}));
    const title = document.createElement("b");
    title.textContent = "step " + step.toLocaleString("en");
    tip.replaceChildren(title);
    for (const {line, place} of found.slice(0, 15)) {
      const x = line.xs[place], y = line.ys[place], row = document.createElement("div");
      const text = document.createElement("span");
      const other = x === step ? "" : "  (step " + x.toLocaleString("en") + ")";
      text.textContent = Number(y.toPrecision(5)) + "  " + line.label + other;
      row.className = "c" + line.color; row.append(text); tip.append(row);
      const up = bottom - ((chart.log ? Math.log10(y) : y) - y0) / (y1 - y0) * (bottom - top);
      hover.append(shape("circle", {cx: screen(x), cy: up, r: 4.5, class: "c" + line.color}));
    }
    tip.hidden = false;
    const around = figure.getBoundingClientRect(), room = figure.clientWidth;
    const line = frame.left - around.left + screen(step) * scale;
    const after = line + 14, before = line - 14 - tip.offsetWidth;
    tip.style.top = frame.bottom - around.top + "px";
    tip.style.left = (after + tip.offsetWidth < room ? after : Math.max(4, before)) + "px";
  };
  svg.addEventListener("pointermove", move);
  svg.addEventListener("pointerdown", move);
  svg.addEventListener("pointerleave", leave);
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(one => { one.open = true; }));
