// How does a component of one model stand beside its like in another?

import { dot } from "./charts.js";
import { link } from "./kin.js";
import { h } from "./dom.js";
import { pictures, withUnit } from "./measured.js";
import { groupBy } from "./model.js";
import { human, number, shapeText, words } from "./numbers.js";

// The tensor that is chosen beside its like in the other model, at the same depth.
export function compareChosen(data, left, right, state) {
  const node = left.node(state.node);
  const tensor = node.tensor || (node.component && node.tensors[0]);
  const other = tensor && findLike(left, right, tensor);
  if (!other) return null;
  const both = [
    [left, tensor, state.step],
    [right, other, left === right ? state.step : lastStep(right)],
  ];
  const rows = data.metrics
    .map(({ name, unit, meaning }, place) => {
      const [a, b] = both.map(([model, t, step]) => model.value(t, place, step));
      return a === null && b === null ? null : [withUnit(name, unit), a, b, meaning];
    })
    .filter(Boolean);
  return h(
    "section",
    {},
    h(
      "h3",
      {},
      `${words(tensor.component)} ${words(tensor.parameter)}, beside its like`,
    ),
    h(
      "div",
      { class: "beside" },
      both.map(([model, t, step]) =>
        h(
          "div",
          {},
          h("p", { class: "name small" }, t.name),
          pictures(data, model, t, step),
        ),
      ),
    ),
    h(
      "table",
      { class: "facts-beside" },
      rows.map(([name, a, b, meaning]) =>
        h(
          "tr",
          { title: meaning },
          h("th", { scope: "row" }, name),
          h("td", {}, number(a)),
          h("td", {}, number(b)),
        ),
      ),
    ),
  );
}

// Of the same role, the tensor whose depth is nearest; null where there is none.
function findLike(left, right, tensor) {
  const same = right.tensors.filter(
    (t) =>
      t.component === tensor.component &&
      t.parameter === tensor.parameter &&
      t.place === tensor.place &&
      (t.expert === null) === (tensor.expert === null),
  );
  const depth = depthOf(left, tensor);
  const off = (t) =>
    Math.abs(depthOf(right, t) - depth) + (t.stack === tensor.stack ? 0 : 2);
  return same.reduce(
    (best, t) => (best === null || off(t) < off(best) ? t : best),
    null,
  );
}

function depthOf(model, tensor) {
  if (tensor.layer === null) return 0;
  const layers = model.tensors.filter(
    (t) => t.stack === tensor.stack && t.layer !== null,
  );
  return tensor.layer / Math.max(...layers.map((t) => t.layer), 1);
}

// Roles that either has, matched by what they do, not by name or position.
export function compareRoles(data, left, right, state, store) {
  const key = (t) => `${t.stack || ""} ${t.place} ${t.component} ${t.parameter}`;
  const a = groupBy(left.tensors, key);
  const b = groupBy(right.tensors, key);
  const keys = [...new Set([...a.keys(), ...b.keys()])];
  const metric = data.metrics.findIndex(({ name }) => name === "std");
  const cell = (model, tensors, step) => {
    if (!tensors) return h("td", { class: "missing" }, "not there");
    const sum = tensors.reduce((total, t) => total + t.parameters, 0);
    const spread = model.value(tensors[0], metric, step);
    return h(
      "td",
      {},
      `${tensors.length > 1 ? `${tensors.length} × ` : ""}${shapeText(tensors[0].shape)}`,
      h("small", {}, `${human(sum)}${spread === null ? "" : `, σ ${number(spread)}`}`),
    );
  };
  const rows = keys.map((role) => {
    const [x, y] = [a.get(role), b.get(role)];
    const { component, parameter, category } = (x || y)[0];
    const title = `${words(component)} ${parameter}`;
    const isSame =
      x &&
      y &&
      x.length === y.length &&
      shapeText(x[0].shape) === shapeText(y[0].shape);
    return h(
      "tr",
      { class: isSame ? "same" : "differs" },
      h(
        "th",
        { scope: "row" },
        dot(category),
        x ? link(store, x[0].name, title) : title,
      ),
      cell(left, x, state.step),
      cell(right, y, lastStep(right)),
    );
  });
  return h(
    "section",
    {},
    h("h3", {}, "Role by role"),
    h("table", { class: "facts-beside" }, headRow(left, right), rows),
  );
}

function lastStep(model) {
  return Math.max(model.revisions.length - 1, 0);
}

export function headRow(left, right) {
  const names = [left, right].map(({ name }) => h("th", { class: "name" }, name));
  return h("tr", {}, h("th", {}), names);
}
