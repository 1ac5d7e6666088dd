// What does the architecture look like? A picture of every stack, and a map of layers.

import { h, show } from "./dom.js";
import { drawFlow } from "./flow.js";
import { drawMap } from "./map.js";
import { groupBy, isPart } from "./model.js";
import { exact, human, shapeText, words } from "./numbers.js";

export function makeDiagram(pane, data, models, store) {
  function render() {
    const state = store.get();
    const model = models[state.model];
    show(
      pane,
      summary(model),
      model.kind === "adapter"
        ? h(
            "p",
            { class: "about" },
            "An adapter: only what it adds to its base is here.",
          )
        : null,
      h(
        "div",
        { class: "stacks" },
        drawStacks(model, store, state.node),
        drawMap(data, model, store),
      ),
    );
  }
  return { render };
}

function summary(model) {
  const facts = [
    [human(model.n_parameters), "parameters"],
    [model.sizes.n_layers, "layers"],
    [model.sizes.hidden_size, "wide"],
    [headsText(model.sizes), "heads"],
    [model.sizes.vocabulary_size && exact(model.sizes.vocabulary_size), "tokens"],
    [exact(model.n_tensors), "tensors"],
    [model.family, "family"],
  ];
  return h(
    "dl",
    { class: "facts" },
    facts
      .filter(([value]) => value)
      .map(([value, name]) => h("div", {}, h("dd", {}, value), h("dt", {}, name))),
  );
}

function headsText({ n_heads: heads, n_kv_heads: shared }) {
  if (!heads) return "";
  return shared && shared !== heads ? `${heads} / ${shared}` : `${heads}`;
}

export function drawStacks(model, store, chosen) {
  const known = model.flow.some((flow) => flow.is_known || flow.blocks.length);
  if (!known) return plainTree(model, store);
  return model.flow.map((flow) =>
    h(
      "figure",
      { class: "stack" },
      h("figcaption", {}, flow.is_loose ? "joins the stacks" : words(flow.name || "")),
      drawFlow(flow, lookAt(model, flow, store, chosen)),
    ),
  );
}

// How the picture asks for a box: a component at a place, in the layer that is chosen
// if the block has it, else in the block's first.
function lookAt(model, flow, store, chosen) {
  const current = model.node(chosen);
  const layerOf = (layers) =>
    layers && (layers.includes(current.layer) ? current.layer : layers[0]);
  const boxOf = (node, label) => {
    const weight =
      node.tensors.find((t) => t.parameter === "weight") || node.tensors[0];
    return {
      label,
      note: shapesText(node.tensors, weight),
      category: node.category,
      isChosen: isPart(current, node),
      pick: () => store.change({ node: node.id }),
    };
  };
  return (place, layers, name) => {
    const layer = layerOf(layers);
    if (place === "modules") return moduleBoxes(model, flow, layer, name, boxOf);
    const node =
      model.find(flow.name, place, layer, name) || model.find(null, place, layer, name);
    return node ? boxOf(node, words(name)) : { label: words(name), isThought: true };
  };
}

// `4096 × 1024`; of several tensors of one role how many, and their shape if they share it.
function shapesText(tensors, weight) {
  const alike = tensors.filter((t) => t.parameter === weight.parameter);
  const shape = shapeText(weight.shape);
  const role = weight.parameter === "weight" ? "" : `${words(weight.parameter)} `;
  if (alike.length === 1) return `${role}${shape}${weight.isTied ? ", tied" : ""}`;
  const isOne = alike.every((t) => shapeText(t.shape) === shape);
  return isOne ? `${alike.length} of ${shape}` : `${alike.length} tensors`;
}

// The modules of a layer that has no known flow, in the order of their names.
function moduleBoxes(model, flow, layer, components, boxOf) {
  const node = model.find(flow.name, "block", layer);
  const own = node.tensors.filter(
    (t) => components.includes(t.component) && !t.isBuffer && t.shape.length > 0,
  );
  const groups = [...groupBy(own, (t) => t.name.split(".").slice(0, -1).join("."))];
  return groups
    .sort(([a], [b]) => orderOf(a) - orderOf(b))
    .map(([path, tensors]) => {
      const below = { ...model.node(`t/${tensors[0].name}`), tensors };
      return boxOf(below, moduleLabel(path, tensors[0]));
    });
}

// conv1, bn1, conv2, bn2: modules that count do so in the order in which they act.
function orderOf(path) {
  const counted = /[a-z_]([0-9]+)$/i.exec(path);
  return counted ? Number(counted[1]) : Infinity;
}

function moduleLabel(path, tensor) {
  const parts = path.split(".");
  const isNumber = /^[0-9]+$/.test(parts.at(-1));
  const name = parts.slice(isNumber ? -2 : -1).join(".");
  const role = words(tensor.component);
  return name && name !== role ? `${name} (${role})` : name || tensor.name;
}

// No flow is known: the modules of the outermost levels, by size.
function plainTree(model, store) {
  const draw = (node, depth) =>
    h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: "plain",
          style: `--share:${((100 * node.parameters) / (model.n_parameters || 1)).toFixed(2)}%`,
          click: () => store.change({ node: node.id, tree: "name" }),
        },
        h("span", {}, node.label),
        h("span", { class: "amount" }, human(node.parameters)),
      ),
      depth < 2 && node.children.length
        ? h(
            "ul",
            {},
            node.children.slice(0, 40).map((child) => draw(child, depth + 1)),
          )
        : null,
    );
  return h(
    "div",
    { class: "plain-tree" },
    h("p", {}, "No architecture is recognised in these names, so this is their tree."),
    h(
      "ul",
      {},
      model.names.children.map((node) => draw(node, 0)),
    ),
  );
}
