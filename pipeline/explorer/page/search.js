// Which tensors are asked for? A list of all, narrowed by words and by category.

import { categoryColor, dot } from "./charts.js";
import { h, show, virtualList } from "./dom.js";
import { placeText } from "./model.js";
import { exact, human, percent, shapeText } from "./numbers.js";

const FOUND_ROW = 44;

const ASKED = {
  layer: (tensor, word) => String(tensor.layer) === word,
  expert: (tensor, word) => String(tensor.expert) === word,
  stack: (tensor, word) => (tensor.stack || "").toLowerCase() === word,
  type: (tensor, word) => tensor.dtype.toLowerCase().startsWith(word),
  component: (tensor, word) => tensor.component.toLowerCase() === word,
  category: (tensor, word) => tensor.category.toLowerCase() === word,
  shape: (tensor, word) => hasShape(tensor.shape, word),
  name: (tensor, word) => tensor.name.toLowerCase().includes(word),
};

// `shape:4096` is any of the sizes; `shape:4096x1024` the sizes in a row.
function hasShape(shape, word) {
  const sizes = word.split(/[x×]/);
  const all = shape.map(String);
  return all.some((_, i) => sizes.every((size, k) => all[i + k] === size));
}

// Every word must fit: `layer:3`, `shape:4096`, or any part of the text.
function findTensors(tensors, query, category) {
  const tests = query
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => {
      const [field, ...rest] = word.split(":");
      const value = rest.join(":");
      const asked = value && Object.hasOwn(ASKED, field) && ASKED[field];
      return asked ? (t) => asked(t, value) : (t) => t.text.includes(word);
    });
  if (category) tests.push((tensor) => tensor.category === category);
  return tensors.filter((tensor) => tests.every((test) => test(tensor)));
}

export function makeBrowser(pane, data, models, store) {
  const chips = h("div", { class: "chips", role: "group", "aria-label": "Categories" });
  const summary = h("p", { class: "summary", role: "status" });
  const box = h("div", { class: "rows found", tabindex: "0", "aria-label": "Tensors" });
  show(pane, chips, summary, box);
  const list = virtualList(box, FOUND_ROW, drawRow);
  let found = [];

  function model() {
    return models[store.get().model];
  }

  function render() {
    const { query, category } = store.get();
    found = findTensors(model().tensors, query, category);
    list.set(found);
    const sum = found.reduce((total, tensor) => total + tensor.parameters, 0);
    show(
      summary,
      `${exact(found.length)} of ${exact(model().tensors.length)} tensors, `,
      `${human(sum)} parameters`,
      ` (${percent(sum / (model().n_parameters || 1))})`,
    );
    const used = new Set(model().tensors.map((tensor) => tensor.category));
    show(chips, data.categories.filter((c) => used.has(c.name)).map(drawChip));
  }

  function drawChip({ name, title, about }) {
    const isChosen = store.get().category === name;
    return h(
      "button",
      {
        type: "button",
        class: "chip",
        title: about,
        "aria-pressed": String(isChosen),
        style: `--color:${categoryColor(name)}`,
        click: () => store.change({ category: isChosen ? "" : name }),
      },
      title,
    );
  }

  function drawRow(tensor) {
    const id = `t/${tensor.name}`;
    return h(
      "div",
      {
        class: `row ${store.get().node === id ? "chosen" : ""}`,
        click: () => store.change({ node: id }),
      },
      dot(tensor.category),
      h(
        "span",
        { class: "label" },
        h("span", { class: "name" }, tensor.name),
        h("small", {}, placeText(tensor)),
      ),
      h(
        "span",
        { class: "amount" },
        shapeText(tensor.shape),
        h("small", {}, `${tensor.dtype} · ${human(tensor.elements)}`),
      ),
    );
  }

  box.addEventListener("keydown", (event) => {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!way || !found.length) return;
    event.preventDefault();
    const place = found.findIndex((t) => `t/${t.name}` === store.get().node);
    const next = Math.min(Math.max(place + way, 0), found.length - 1);
    store.change({ node: `t/${found[next].name}` });
    list.reveal(next);
  });
  return { render };
}

