// Which nodes are related to a node? Its ancestors, children and equal roles, as links.

import { h } from "./dom.js";
import { exact, human } from "./numbers.js";

export function trail(node, store) {
  const steps = [];
  for (let up = node.parent; up; up = up.parent) steps.unshift(up);
  return h(
    "nav",
    { class: "trail", "aria-label": "Where it is" },
    steps.map((step) => [
      h(
        "button",
        { type: "button", click: () => store.change({ node: step.id }) },
        step.label,
      ),
      " › ",
    ]),
  );
}

export function children(node, store) {
  const most = 60;
  const shown = node.children.slice(0, most);
  const whole = Math.max(...node.children.map((child) => child.parameters), 1);
  return h(
    "section",
    {},
    h("h3", {}, "Made of"),
    h(
      "ul",
      { class: "parts" },
      shown.map((child) =>
        h(
          "li",
          { style: `--share:${((100 * child.parameters) / whole).toFixed(2)}%` },
          h(
            "button",
            { type: "button", click: () => store.change({ node: child.id }) },
            h("span", { class: "label" }, child.label),
            h("span", { class: "amount" }, human(child.parameters)),
          ),
        ),
      ),
    ),
    node.children.length > most
      ? h("p", {}, `and ${exact(node.children.length - most)} more, in the tree`)
      : null,
  );
}

// The same role in the other layers.
export function siblings(model, tensor, store) {
  const same = model.tensors.filter(
    (t) =>
      t.layer !== null &&
      t.component === tensor.component &&
      t.parameter === tensor.parameter &&
      t.stack === tensor.stack &&
      t.expert === tensor.expert,
  );
  if (tensor.layer === null || same.length < 2) return null;
  return h(
    "section",
    {},
    h("h3", {}, "The same in other layers"),
    h(
      "p",
      { class: "siblings" },
      same.map((t) =>
        h(
          "button",
          {
            type: "button",
            "aria-current": t === tensor ? "true" : null,
            click: () => store.change({ node: `t/${t.name}` }),
          },
          t.layer,
        ),
      ),
    ),
  );
}

export function link(store, name, title) {
  const click = () => store.change({ node: `t/${name}` });
  return h("button", { type: "button", class: "link", click }, title || name);
}
