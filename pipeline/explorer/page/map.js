// How does a statistic run through the network? A cell for each layer and component.

import { h, s } from "./dom.js";
import { groupBy, isPart } from "./model.js";
import { number, words } from "./numbers.js";

const CELL = { width: 26, height: 15, left: 64, top: 74 };
const PARAMETERS = "parameters";

export function drawMap(data, model, store) {
  const state = store.get();
  const inBlocks = model.tensors.filter(
    (t) => t.layer !== null && !t.isBuffer && !/bias/.test(t.parameter),
  );
  if (!inBlocks.length) return null;
  const metrics = measuredMetrics(data, model, state.step);
  const chosen = metrics.find((metric) => metric.name === state.metric) || metrics[0];
  const value = (tensors) => cellValue(model, chosen, tensors, state.step);
  const widest = Math.max(
    ...[...groupBy(inBlocks, (t) => t.stack).values()].map(gridWidth),
  );
  return h(
    "section",
    { class: "map", style: `--width:${widest}px` },
    h(
      "div",
      { class: "map-head" },
      h("h2", {}, "Layer by layer"),
      h(
        "label",
        { class: "field" },
        "coloured by ",
        h(
          "select",
          { change: (event) => store.change({ metric: event.target.value }) },
          metrics.map(({ name, title }) =>
            h("option", { value: name, selected: name === chosen.name }, title),
          ),
        ),
      ),
    ),
    [...groupBy(inBlocks, (t) => t.stack)].map(([stack, tensors]) =>
      drawGrid(model, store, stack, tensors, value),
    ),
  );
}

function gridWidth(tensors) {
  return CELL.left + new Set(tensors.map((t) => t.component)).size * CELL.width + 60;
}

function measuredMetrics(data, model, step) {
  const measured = data.metrics
    .map((metric, place) => ({ ...metric, place, title: words(metric.name) }))
    .filter(({ place }) => model.values?.[step]?.[place]?.some((v) => v !== null));
  return [{ name: PARAMETERS, title: "parameters" }, ...measured];
}

// Of several tensors in a cell (experts, a weight and its norm) the mean.
function cellValue(model, metric, tensors, step) {
  if (metric.name === PARAMETERS) return tensors.reduce((n, t) => n + t.parameters, 0);
  const known = tensors
    .map((tensor) => model.value(tensor, metric.place, step))
    .filter((value) => value !== null);
  return known.length ? known.reduce((sum, v) => sum + v, 0) / known.length : null;
}

function drawGrid(model, store, stack, tensors, value) {
  const current = model.node(store.get().node);
  const columns = [...groupBy(tensors, (t) => t.component).keys()];
  const layers = [...groupBy(tensors, (t) => t.layer).keys()].sort((a, b) => a - b);
  const cells = groupBy(tensors, (t) => `${t.layer} ${t.component}`);
  const values = new Map([...cells].map(([key, own]) => [key, value(own)]));
  const scale = colorScale([...values.values()]);
  const width = gridWidth(tensors);
  const height = CELL.top + layers.length * CELL.height + 8;
  const grid = s("svg", {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    class: "grid",
    role: "group",
    "aria-label": `Layers of ${stack || "the model"}`,
  });
  columns.forEach((column, x) => {
    const at = CELL.left + (x + 0.5) * CELL.width;
    grid.append(
      s(
        "text",
        { x: at, y: CELL.top - 6, transform: `rotate(-50 ${at} ${CELL.top - 6})` },
        words(column),
      ),
    );
  });
  layers.forEach((layer, y) => {
    const top = CELL.top + y * CELL.height;
    grid.append(
      s("text", { x: CELL.left - 8, y: top + 11, class: "end" }, `layer ${layer}`),
    );
    columns.forEach((column, x) => {
      const own = cells.get(`${layer} ${column}`);
      if (!own) return;
      const node = model.find(stack, "block", layer, column);
      grid.append(
        s(
          "rect",
          {
            x: CELL.left + x * CELL.width + 1,
            y: top + 1,
            width: CELL.width - 2,
            height: CELL.height - 2,
            rx: 2.5,
            class: `cell ${isPart(current, node) ? "chosen" : ""}`,
            style: `--level:${scale(values.get(`${layer} ${column}`))}`,
            click: () => store.change({ node: node.id }),
          },
          s(
            "title",
            {},
            `layer ${layer}, ${words(column)}: ${number(values.get(`${layer} ${column}`))}`,
          ),
        ),
      );
    });
  });
  return h("div", { class: "grid-box" }, grid, legend([...values.values()]));
}

// From pale to deep, by rank: a single outlier must not make all others one colour.
function colorScale(values) {
  const known = [...new Set(values.filter((value) => value !== null))].sort(
    (a, b) => a - b,
  );
  const rank = new Map(known.map((value, place) => [value, place]));
  const last = Math.max(known.length - 1, 1);
  return (value) =>
    value === null ? "none" : `${Math.round(8 + (84 * rank.get(value)) / last)}%`;
}

function legend(values) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return null;
  const [least, most] = [Math.min(...known), Math.max(...known)];
  if (least === most) return h("p", { class: "legend" }, `${number(least)} everywhere`);
  return h(
    "p",
    { class: "legend" },
    h("span", {}, number(least)),
    h("span", { class: "ramp", role: "presentation" }),
    h("span", {}, number(most)),
    h("small", {}, "coloured by rank"),
  );
}
