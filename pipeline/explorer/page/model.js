// What is in the data? Models with their tensors, and trees of nodes over them.

import { words } from "./numbers.js";

const PLACES = ["input", "block", "output"];

export function readModels(data) {
  return data.models.map((packed) => new Model(packed, data));
}

class Model {
  constructor(packed, data) {
    Object.assign(this, packed);
    this.revisions = packed.revisions || [];
    this.values = packed.values;
    this.tensors = packed.tensors.map((row, index) =>
      readTensor(packed, data, row, index),
    );
    this.byName = new Map(this.tensors.map((tensor) => [tensor.name, tensor]));
    this.nodes = new Map();
    this.root = this.addNode(null, "", "model", packed.name, this.tensors);
    growRoles(this);
    this.names = growNames(this);
  }

  addNode(parent, id, kind, label, tensors, more) {
    const sum = (pick) => tensors.reduce((total, t) => total + pick(t), 0);
    const node = {
      id,
      kind,
      label,
      parent,
      tensors,
      children: [],
      parameters: sum((t) => t.parameters),
      ...more,
    };
    this.nodes.set(id, node);
    if (parent && !more?.detached) parent.children.push(node);
    return node;
  }

  node(id) {
    return this.nodes.get(id) || this.root;
  }

  // What a statistic is of a tensor at a checkpoint; null where it was not measured.
  value(tensor, metric, step) {
    return this.values?.[step]?.[metric]?.[tensor.index] ?? null;
  }

  // The node of a component in a layer, for a click on the picture.
  find(stack, place, layer, component) {
    return this.nodes.get(roleId(stack, place, layer, component));
  }
}

function readTensor(packed, data, row, index) {
  const [kind, place, layer, expert, ...numbers] = row;
  const [parts, stack, component, parameter, shape, dtype, bytes, flags, chain] =
    packed.kinds[kind];
  const name = parts.map((part, i) => part + (numbers[i] ?? "")).join("");
  const [alias, tied] = packed.aliases[index] || ["", 0];
  const reason = packed.reasons[index] || "";
  const elements = shape.reduce((product, size) => product * size, 1);
  const isBuffer = Boolean(flags & 1);
  const category = data.components[component].category;
  const tensor = {
    index,
    name,
    stack,
    place: PLACES[place],
    layer: layer < 0 ? null : layer,
    expert: expert < 0 ? null : expert,
    component,
    category,
    parameter,
    shape,
    dtype,
    bytes,
    elements,
    parameters: tied || reason || isBuffer ? 0 : elements,
    isBuffer,
    isTrainable: Boolean(flags & 2),
    isTransposed: Boolean(flags & 4),
    chain,
    alias,
    isTied: Boolean(tied),
    reason,
  };
  tensor.text = searchText(tensor);
  return tensor;
}

function roleId(stack, place, layer, component) {
  const where = place === "block" ? layer : place;
  return ["r", stack ?? "", where, component]
    .filter((part) => part !== undefined)
    .map((part) => encodeURIComponent(part))
    .join("/");
}

// Stack, layer, component, tensor: the tree by role.
function growRoles(model) {
  for (const [stack, inStack] of groupBy(model.tensors, (t) => t.stack)) {
    const title = stack ? words(stack) : "outside the stacks";
    const top = model.addNode(model.root, roleId(stack), "stack", title, inStack, {
      stack,
    });
    const layers = groupBy(inStack, (t) => (t.layer === null ? t.place : t.layer));
    for (const [key, inLayer] of layers) growLayer(model, top, key, inLayer);
  }
}

function growLayer(model, top, key, tensors) {
  const { place, layer, stack } = tensors[0];
  const titles = { input: "before the blocks", output: "after the blocks" };
  const hasBlocks = top.tensors.some((t) => t.layer !== null);
  const label =
    layer !== null ? `layer ${layer}` : hasBlocks ? titles[key] : words(place);
  const id = roleId(stack, place, layer);
  const node = model.addNode(top, id, "layer", label, tensors, { stack, place, layer });
  for (const [component, own] of groupBy(tensors, (t) => t.component)) {
    const path = roleId(stack, place, layer, component);
    const below = model.addNode(node, path, "component", words(component), own, {
      stack,
      place,
      layer,
      component,
      category: own[0].category,
    });
    for (const tensor of own) addLeaf(model, below, tensor, "t", tensorLabel(tensor));
  }
}

function tensorLabel(tensor) {
  return tensor.expert === null
    ? words(tensor.parameter)
    : `expert ${tensor.expert} ${words(tensor.parameter)}`;
}

function addLeaf(model, parent, tensor, letter, label) {
  return model.addNode(parent, `${letter}/${tensor.name}`, "tensor", label, [tensor], {
    category: tensor.category,
    tensor,
  });
}

// The tree that the dots in names make; modules with one child are one with it.
function growNames(model) {
  const top = model.addNode(model.root, "n/", "model", model.name, model.tensors, {
    detached: true,
  });
  growModule(model, top, "", model.tensors);
  return top;
}

function growModule(model, parent, prefix, tensors) {
  const groups = groupBy(tensors, (t) => t.name.slice(prefix.length).split(".")[0]);
  for (const [part, own] of groups) {
    const path = prefix + part;
    const leaf = own.find((t) => t.name === path);
    if (leaf) {
      addLeaf(model, parent, leaf, "l", part);
    }
    const rest = leaf ? own.filter((t) => t !== leaf) : own;
    if (!rest.length) continue;
    const node = model.addNode(parent, `n/${path}`, "module", part, rest, { path });
    growModule(model, node, `${path}.`, rest);
  }
}

export function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const name = key(item);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(item);
  }
  return groups;
}

export function isPart(current, node) {
  for (let up = current; up; up = up.parent) if (up.id === node.id) return true;
  return false;
}

// All that may be asked of a tensor, in one text.
function searchText(tensor) {
  const texts = [
    tensor.name,
    tensor.component,
    tensor.category,
    tensor.parameter,
    tensor.dtype,
    tensor.shape.join("×"),
    tensor.shape.join("x"),
    tensor.stack || "",
  ];
  return texts.join(" ").toLowerCase();
}

export function placeText(tensor) {
  const place = tensor.layer === null ? null : `layer ${tensor.layer}`;
  const expert = tensor.expert === null ? null : `expert ${tensor.expert}`;
  const path = [tensor.stack, place, words(tensor.component), expert, tensor.parameter];
  return path.filter(Boolean).join(" · ");
}
