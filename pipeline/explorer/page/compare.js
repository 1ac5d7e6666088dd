// How do two models differ? Sizes, where their parameters are, and role by role.

import { compareChosen, compareRoles, headRow } from "./beside.js";
import { categoryColor, dot, stackedBar } from "./charts.js";
import { drawStacks } from "./diagram.js";
import { h, show } from "./dom.js";
import { exact, human, humanBytes, words } from "./numbers.js";

export function makeCompare(pane, data, models, store) {
  function render() {
    const state = store.get();
    const left = models[state.model];
    const choice = h(
      "label",
      { class: "field" },
      "Beside ",
      h("b", { class: "name" }, left.name),
      h(
        "select",
        {
          "aria-label": "Other model",
          change: (event) => store.change({ other: Number(event.target.value) }),
        },
        models.map((model, place) =>
          h(
            "option",
            { value: place, selected: place === otherPlace(models, state) },
            model.name,
          ),
        ),
      ),
    );
    const right = models[otherPlace(models, state)];
    show(
      pane,
      h("div", { class: "map-head" }, h("h2", {}, "Side by side"), choice),
      models.length < 2
        ? h("p", {}, "There is one model here: name two to compare them.")
        : null,
      compareFacts(left, right),
      compareShares(data, left, right),
      h(
        "div",
        { class: "beside" },
        [left, right].map((model) =>
          h(
            "div",
            {},
            h("h3", { class: "name" }, model.name),
            drawStacks(model, quiet(store, models, model), state.node),
          ),
        ),
      ),
      compareChosen(data, left, right, state),
      compareRoles(data, left, right, state, store),
    );
  }
  return { render };
}

function otherPlace(models, state) {
  if (state.other !== null) return state.other;
  const place = models.findIndex((_, i) => i !== state.model);
  return place < 0 ? state.model : place;
}

// A click in the picture of the other model goes to that model.
function quiet(store, models, model) {
  const place = models.indexOf(model);
  return {
    ...store,
    change: (patch) =>
      store.change(
        place === store.get().model
          ? patch
          : { ...patch, model: place, other: store.get().model, step: null },
      ),
  };
}

function compareFacts(left, right) {
  /** @type {[string, (model: any) => any][]} */
  const rows = [
    ["family", (m) => m.family],
    ["class", (m) => m.architecture || "–"],
    ["parameters", (m) => human(m.n_parameters)],
    ["stored", (m) => humanBytes(m.n_bytes)],
    ["tensors", (m) => exact(m.n_tensors)],
    ...Object.keys({ ...left.sizes, ...right.sizes }).map((name) => /** @type {[string, (model: any) => any]} */ ([
      words(name.replace(/^n_/, "")),
      (m) => (m.sizes[name] ? exact(m.sizes[name]) : "–"),
    ])),
    ["positions", (m) => unique(m.flow.map((f) => f.positions)) || "–"],
    ["activation", (m) => unique(sublayers(m).map((x) => x.facts.activation)) || "–"],
    ["hidden units", (m) => unique(sublayers(m).map((x) => x.facts.width)) || "–"],
    [
      "normalised",
      (m) => unique(sublayers(m).flatMap((x) => Object.keys(x.norms))) || "–",
    ],
  ];
  return h(
    "table",
    { class: "facts-beside" },
    headRow(left, right),
    rows.map(([name, read]) => {
      const [a, b] = [read(left), read(right)];
      return a === "–" && b === "–"
        ? null
        : h(
            "tr",
            { class: a === b ? "same" : "differs" },
            h("th", { scope: "row" }, name),
            h("td", {}, a),
            h("td", {}, b),
          );
    }),
  );
}

function sublayers(model) {
  return model.flow.flatMap((flow) => flow.blocks.flatMap((block) => block.sublayers));
}

function unique(values) {
  return [...new Set(values.filter((v) => v !== undefined && v !== "none"))].join(", ");
}

function compareShares(data, left, right) {
  return h(
    "section",
    {},
    h("h3", {}, "Where the parameters are"),
    [left, right].map((model) =>
      h(
        "div",
        { class: "share" },
        h("span", { class: "name" }, model.name),
        stackedBar(
          data.categories
            .filter(({ name }) => model.categories[name])
            .map(({ name, title }) => ({
              label: title,
              color: categoryColor(name),
              share: model.categories[name] / (model.n_parameters || 1),
            })),
        ),
      ),
    ),
    h(
      "ul",
      { class: "key flat" },
      data.categories
        .filter(({ name }) => left.categories[name] || right.categories[name])
        .map(({ name, title }) => h("li", {}, dot(name), title)),
    ),
  );
}
