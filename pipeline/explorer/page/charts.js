// What does a distribution, a spectrum, a course of values look like? Small pictures.

import { h, s } from "./dom.js";
import { exact, number, percent, superscript } from "./numbers.js";

const CHART = { width: 320, height: 96, left: 4, bottom: 16, top: 6 };

// Characters as numbers from 0 to 1, as the page's data writes them.
function decode(text, alphabet, width) {
  const most = alphabet.length ** width - 1;
  const values = [];
  for (let place = 0; place < text.length; place += width) {
    let value = 0;
    for (let i = 0; i < width; i += 1) {
      value = value * alphabet.length + alphabet.indexOf(text[place + i]);
    }
    values.push(value / most);
  }
  return values;
}

// Bars of a histogram; `sets` are { bins, color }, drawn over one another.
export function histogram(sets, frame, alphabet) {
  const { width, height, left, bottom, top } = CHART;
  const base = height - bottom;
  const picture = chart(`Histogram from ${number(frame[0])} to ${number(frame[1])}`);
  for (const { bins, className } of sets) {
    const shares = decode(bins, alphabet, 1).map((root) => root * root);
    const step = (width - 2 * left) / shares.length;
    let path = `M${left} ${base}`;
    shares.forEach((share, place) => {
      const y = (base - share * (base - top)).toFixed(1);
      path += `V${y}H${(left + (place + 1) * step).toFixed(1)}`;
    });
    picture.append(
      s("path", { d: `${path}V${base}Z`, class: `area ${className || ""}` }),
    );
  }
  if (frame[0] < 0 && frame[1] > 0) {
    const zero = left + ((0 - frame[0]) / (frame[1] - frame[0])) * (width - 2 * left);
    picture.append(s("line", { x1: zero, x2: zero, y1: top, y2: base, class: "zero" }));
  }
  picture.append(axis(base), ends(number(frame[0]), number(frame[1])));
  return picture;
}

// Singular values over their rank, both from largest to smallest; σ / σ₁ as powers of
// ten. `sets` are { shape, className }.
export function spectrum(sets, nValues, alphabet, decades) {
  const { width, height, left, bottom, top } = CHART;
  const base = height - bottom;
  const curves = sets.map(({ shape }) => decode(shape, alphabet, 2));
  const lowest = Math.min(...curves.flat().filter((share) => share > 0), 1);
  const shown = Math.max(1, Math.ceil((1 - lowest) * decades));
  const picture = chart("Singular values relative to the largest, by rank");
  for (let power = 1; power < shown; power += 1) {
    const y = top + (power / shown) * (base - top);
    picture.append(
      s("line", { x1: left, x2: width - left, y1: y, y2: y, class: "rule" }),
    );
  }
  sets.forEach(({ className }, place) => {
    const points = curves[place].map((share, i, all) => {
      const x = left + (i / Math.max(all.length - 1, 1)) * (width - 2 * left);
      const fall = share === 0 ? 1 : Math.min(((1 - share) * decades) / shown, 1);
      return `${x.toFixed(1)},${(top + fall * (base - top)).toFixed(1)}`;
    });
    if (points.length === 1) {
      const [x, y] = points[0].split(",");
      picture.append(s("circle", { cx: x, cy: y, r: 3, class: "dot" }));
    }
    picture.append(
      s("polyline", { points: points.join(" "), class: `line ${className || ""}` }),
    );
  });
  picture.append(axis(base), ends("rank 1", exact(nValues)));
  picture.append(
    s("text", { x: width - left, y: top + 9, class: "mark end" }, "σ₁"),
    s("text", { x: left, y: base - 4, class: "mark" }, `σ₁ × 10${superscript(-shown)}`),
  );
  return picture;
}

// A statistic over the checkpoints, the current one marked.
export function course(values, current, labels) {
  const { width, left } = CHART;
  const height = 44;
  const known = values.filter((value) => value !== null);
  const picture = chart(`From ${number(known[0])} to ${number(known.at(-1))}`, height);
  if (known.length < 2) return picture;
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const at = (value, place) => [
    left + (place / (values.length - 1)) * (width - 2 * left),
    height - 6 - ((value - low) / span) * (height - 14),
  ];
  const points = values
    .map((value, place) => (value === null ? null : at(value, place)))
    .filter(Boolean)
    .map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
  picture.append(s("polyline", { points: points.join(" "), class: "line" }));
  if (values[current] !== null && values[current] !== undefined) {
    const [x, y] = at(values[current], current);
    picture.append(
      s("circle", { cx: x, cy: y, r: 3.5, class: "dot" }),
      s("title", {}, `${labels[current]}: ${number(values[current])}`),
    );
  }
  return picture;
}

// One bar of parts; `parts` are { label, share, color }.
export function stackedBar(parts) {
  let x = 0;
  const bar = s("svg", {
    viewBox: "0 0 100 10",
    preserveAspectRatio: "none",
    class: "stacked",
    role: "img",
    "aria-label": parts.map((p) => `${p.label} ${percent(p.share)}`).join(", "),
  });
  for (const { label, share, color } of parts) {
    const width = share * 100;
    bar.append(
      s(
        "rect",
        { x, y: 0, width, height: 10, fill: color },
        s("title", {}, `${label}: ${percent(share)}`),
      ),
    );
    x += width;
  }
  return bar;
}

// The colour of a category, for those who see it; its name stands beside it.
export function dot(category) {
  return h("span", { class: "dot", style: `background:${categoryColor(category)}` });
}

export function categoryColor(category) {
  return `var(--${category})`;
}

function chart(label, height) {
  return s("svg", {
    viewBox: `0 0 ${CHART.width} ${height || CHART.height}`,
    class: "chart",
    role: "img",
    "aria-label": label,
  });
}

function axis(y) {
  return s("line", {
    x1: CHART.left,
    x2: CHART.width - CHART.left,
    y1: y,
    y2: y,
    class: "axis",
  });
}

function ends(low, high) {
  const y = CHART.height - 4;
  return s(
    "g",
    { class: "mark" },
    s("text", { x: CHART.left, y }, low),
    s("text", { x: CHART.width - CHART.left, y, class: "end" }, high),
  );
}
