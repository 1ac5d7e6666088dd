// Which details does a chosen node have? Its place, size, parts and class.

import { categoryColor, stackedBar } from "./charts.js";
import { shownCheckpoints } from "./checkpoints.js";
import { classes, config, notes, sharedChain } from "./classes.js";
import { h, show } from "./dom.js";
import { children, link, siblings, trail } from "./kin.js";
import { courses, pictures, statistics, table } from "./measured.js";
import { groupBy, placeText } from "./model.js";
import { exact, human, humanBytes, percent, shapeText, words } from "./numbers.js";

export function makeDetails(pane, data, models, store) {
  const close = () => pane.classList.remove("open");

  function render() {
    const state = store.get();
    const model = models[state.model];
    const node = model.node(state.node);
    const draw = node.kind === "tensor" ? tensorDetails : nodeDetails;
    show(
      pane,
      h(
        "button",
        { type: "button", class: "close quiet", "aria-label": "Close", click: close },
        "✕",
      ),
      trail(node, store),
      draw({ data, model, node, step: state.step, store }),
    );
    pane.scrollTop = 0;
  }
  return { render };
}

function nodeDetails({ data, model, node, step, store }) {
  const isModel = node.kind === "model";
  const component = node.component && data.components[node.component];
  return [
    h("h2", {}, isModel ? model.name : node.label),
    component ? h("p", { class: "about" }, component.about) : null,
    sizes(model, node.parameters, node.tensors),
    isModel ? modelFacts(model, step) : null,
    isModel || node.children.length > 1 ? breakdown(data, node) : null,
    component ? mainTensor({ data, model, node, step }) : null,
    node.kind === "component" || node.kind === "module"
      ? classes(data, sharedChain(node.tensors))
      : null,
    node.children.length ? children(node, store) : null,
    isModel ? [config(model), notes(model)] : null,
  ];
}

// What was measured of the tensor that stands for a component: its (first) weight.
function mainTensor({ data, model, node, step }) {
  const weight = node.tensors.find((t) => t.parameter === "weight") || node.tensors[0];
  const measured = [
    pictures(data, model, weight, step),
    statistics(data, model, weight, step),
    courses(data, model, weight, step),
  ].flat();
  if (!measured.some(Boolean)) return null;
  const isOne = node.tensors.length === 1;
  return [
    isOne ? null : h("p", { class: "small name" }, `Of ${weight.name}:`),
    measured,
  ];
}

function tensorDetails({ data, model, node, step, store }) {
  const tensor = node.tensor;
  return [
    h("h2", { class: "name" }, tensor.name),
    h("p", { class: "about" }, data.components[tensor.component].about),
    table([
      ["shape", shapeText(tensor.shape)],
      ["type", tensor.dtype],
      ["place", placeText(tensor)],
      tensor.isTransposed && ["stored", "transposed: (in, out)"],
      tensor.isBuffer && ["role", "buffer: state, not a weight"],
      !tensor.isBuffer &&
        !tensor.isTrainable && ["training", "frozen: no gradient is taken"],
      tensor.alias && [
        tensor.isTied ? "tied to" : "equal to",
        link(store, tensor.alias),
      ],
      tensor.reason && ["not measured", tensor.reason],
    ]),
    sizes(model, tensor.parameters, [tensor]),
    pictures(data, model, tensor, step),
    statistics(data, model, tensor, step),
    courses(data, model, tensor, step),
    siblings(model, tensor, store),
    classes(data, tensor.chain),
  ];
}

function sizes(model, parameters, tensors) {
  const bytes = tensors.filter((t) => !t.isTied).reduce((sum, t) => sum + t.bytes, 0);
  const trainable = tensors.filter((t) => t.isTrainable);
  const nTrainable = trainable.reduce((sum, t) => sum + t.parameters, 0);
  const share = parameters / (model.n_parameters || 1);
  return [
    h(
      "p",
      { class: "big" },
      h("b", {}, human(parameters)),
      ` parameters, ${percent(share)} of the model`,
    ),
    h("div", { class: "meter", style: `--share:${(share * 100).toFixed(3)}%` }),
    table([
      ["parameters", exact(parameters)],
      nTrainable !== parameters && ["trainable", exact(nTrainable)],
      bytes > 0 && ["stored", humanBytes(bytes)],
      tensors.length > 1 && ["tensors", exact(tensors.length)],
    ]),
  ];
}

function modelFacts(model, step) {
  const revision = model.revisions[step] || {};
  const rows = [
    ["family", model.family],
    ["class", model.architecture],
    ["kind", model.kind === "adapter" ? "adapter" : ""],
    ["checkpoint", revision.revision || model.revision],
    ["checkpoints", shownCheckpoints(model)],
    ["step", revision.step === undefined ? "" : exact(revision.step)],
    ["base", revision.base_model],
    ["type", revision.dtype],
    ["source", model.source],
  ];
  for (const [name, value] of Object.entries(model.sizes)) {
    rows.push([words(name.replace(/^n_/, "")), value === null ? "" : exact(value)]);
  }
  return table(rows.map(([name, value]) => value && [name, value]));
}

// Parameters by category: where they are.
function breakdown(data, node) {
  const whole = node.parameters || 1;
  const groups = groupBy(node.tensors, (t) => t.category);
  const parts = data.categories
    .filter(({ name }) => groups.has(name))
    .map(({ name, title }) => ({
      label: title,
      color: categoryColor(name),
      share: groups.get(name).reduce((sum, t) => sum + t.parameters, 0) / whole,
    }))
    .filter(({ share }) => share > 0);
  if (parts.length < 2) return null;
  return h(
    "section",
    {},
    h("h3", {}, "Where the parameters are"),
    stackedBar(parts),
    h(
      "ul",
      { class: "key" },
      parts.map(({ label, color, share }) =>
        h(
          "li",
          {},
          h("span", { class: "dot", style: `background:${color}` }),
          h("span", { class: "label" }, label),
          h("span", { class: "amount" }, percent(share)),
        ),
      ),
    ),
  );
}

