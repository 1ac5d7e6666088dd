// How do the parts act together? One state; each part draws what it says.

import { stepText } from "./checkpoints.js";
import { makeCompare } from "./compare.js";
import { makeDetails } from "./details.js";
import { makeDiagram } from "./diagram.js";
import { all, byId, h, show } from "./dom.js";
import { readModels } from "./model.js";
import { makeNeurons } from "./neurons.js";
import { makeBrowser } from "./search.js";
import { arrowHead } from "./shapes.js";
import { makeState } from "./state.js";
import { makeTree } from "./tree.js";

const KEYS = [
  ["/", "search"],
  ["↑ ↓ ← →", "walk the tree, open and close"],
  ["1 2 3 4", "architecture, tensors, compare, neurons"],
  [", .", "earlier and later checkpoint"],
  ["[ ]", "previous and next model"],
  ["t", "dark or light"],
  ["Esc", "close; clear the search"],
];

function main() {
  document.body.append(arrowHead());
  const data = JSON.parse(byId("data").textContent);
  const models = readModels(data);
  const store = makeState(models);
  const parts = {
    tree: makeTree(byId("tree"), models, store),
    diagram: makeDiagram(byId("diagram"), data, models, store),
    tensors: makeBrowser(byId("tensors"), data, models, store),
    compare: makeCompare(byId("compare"), data, models, store),
    neurons: makeNeurons(byId("neurons"), data, models, store),
    details: makeDetails(byId("details"), data, models, store),
  };
  const controls = makeControls(models, store);

  function render(state, before) {
    document.body.dataset.showing = state.view;
    document.title = `${models[state.model].name} · weightlake explorer`;
    controls.render();
    const isTyping = before && state.query !== before.query;
    if (!isTyping) {
      parts.tree.render();
      parts.details.render();
      // On a phone details lie over the rest: they come with a choice, go with a view.
      if (before && state.view !== before.view)
        byId("details").classList.remove("open");
      if (state.node !== (before ? before.node : ""))
        byId("details").classList.add("open");
    }
    parts[state.view === "tree" ? "diagram" : state.view].render();
  }

  store.listen(render);
  render(store.get(), null);
}

function makeControls(models, store) {
  const select = byId("model");
  const slider = byId("step");
  const query = byId("query");
  show(
    select,
    models.map((model, place) => h("option", { value: place }, model.name)),
  );
  select.addEventListener("change", () => toModel(Number(select.value)));
  slider.addEventListener("input", () => store.change({ step: Number(slider.value) }));
  byId("earlier").addEventListener("click", () => move(-1));
  byId("later").addEventListener("click", () => move(1));
  query.addEventListener("input", () => {
    store.change({ query: query.value, view: "tensors" });
  });
  for (const tab of all(".views button")) {
    tab.addEventListener("click", () => store.change({ view: tab.dataset.view }));
  }
  byId("theme").addEventListener("click", changeTheme);
  byId("help").addEventListener("click", showKeys);

  function toModel(place) {
    const { node } = store.get();
    const wanted = models[place].nodes.has(node) ? node : "";
    store.change({ model: place, node: wanted, step: null, tree: "" });
  }

  function move(way) {
    store.change({ step: store.get().step + way });
  }

  const actions = {
    "/": () => query.focus(),
    1: () => store.change({ view: "diagram" }),
    2: () => store.change({ view: "tensors" }),
    3: () => store.change({ view: "compare" }),
    4: () => store.change({ view: "neurons" }),
    ",": () => move(-1),
    ".": () => move(1),
    "[": () => toModel((store.get().model + models.length - 1) % models.length),
    "]": () => toModel((store.get().model + 1) % models.length),
    t: changeTheme,
    "?": showKeys,
  };

  document.addEventListener("keydown", (event) => {
    const isInField = /** @type {Element} */ (event.target).matches("input[type=search], select");
    if (event.key === "Escape") {
      byId("details").classList.remove("open");
      if (event.target === query) {
        query.value = "";
        store.change({ query: "" });
        query.blur();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isInField) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  function render() {
    const state = store.get();
    const { revisions } = models[state.model];
    select.value = String(state.model);
    if (query.value !== state.query) query.value = state.query;
    byId("steps").hidden = revisions.length < 2;
    slider.max = String(Math.max(revisions.length - 1, 0));
    slider.value = String(state.step);
    byId("step-name").textContent = stepText(revisions, state.step);
    slider.setAttribute("aria-valuetext", stepText(revisions, state.step));
    for (const tab of all(".views button")) {
      tab.setAttribute("aria-selected", String(tab.dataset.view === state.view));
    }
  }
  return { render };
}

function changeTheme() {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
}

function showKeys() {
  const dialog = byId("keys");
  show(
    dialog,
    h("h2", {}, "Keys"),
    h(
      "table",
      {},
      KEYS.map(([keys, meaning]) =>
        h("tr", {}, h("th", {}, h("kbd", {}, keys)), h("td", {}, meaning)),
      ),
    ),
    h("form", { method: "dialog" }, h("button", {}, "Close")),
  );
  dialog.showModal();
}

main();
