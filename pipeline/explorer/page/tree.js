// How is the tree shown and walked? As rows of what is open; arrows move in it.

import { dot } from "./charts.js";
import { all, h, virtualList } from "./dom.js";
import { human } from "./numbers.js";

const ROW = 28;

export function makeTree(box, models, store) {
  const open = new Map();
  let rows = [];
  const list = virtualList(box, ROW, drawRow);

  function model() {
    return models[store.get().model];
  }

  function top() {
    return store.get().tree === "name" ? model().names : model().root;
  }

  // What is open is remembered for each model; the first stacks are open to begin with.
  function opened() {
    const key = `${store.get().model} ${store.get().tree}`;
    if (!open.has(key)) open.set(key, new Set(firstOpen(top())));
    return open.get(key);
  }

  function render() {
    const node = model().node(store.get().node);
    const isHere = within(node, top());
    if (isHere) for (let up = node.parent; up; up = up.parent) opened().add(up.id);
    rows = [];
    collect(top(), 0);
    list.set(rows);
    const place = rows.findIndex((row) => row.node === node);
    if (place >= 0) list.reveal(place);
    box.setAttribute("aria-activedescendant", place >= 0 ? rowId(place) : "");
    for (const button of all("[data-tree]")) {
      const isChosen = button.dataset.tree === store.get().tree;
      button.setAttribute("aria-checked", String(isChosen));
    }
  }

  function collect(node, depth) {
    rows.push({ node, depth });
    if (!opened().has(node.id)) return;
    for (const child of node.children) collect(child, depth + 1);
  }

  function drawRow({ node, depth }, index) {
    const hasMore = node.children.length > 0;
    const isOpen = opened().has(node.id);
    const isChosen = model().node(store.get().node) === node;
    const share = node.parameters / (model().n_parameters || 1);
    return h(
      "div",
      {
        class: `row ${isChosen ? "chosen" : ""}`,
        role: "treeitem",
        id: rowId(index),
        "aria-level": depth + 1,
        "aria-selected": String(isChosen),
        "aria-expanded": hasMore ? String(isOpen) : null,
        style: `--depth:${depth};--share:${(share * 100).toFixed(2)}%`,
        click: () => {
          if (hasMore && isChosen) toggle(node);
          else if (hasMore && !isOpen) opened().add(node.id);
          store.change({ node: node.id });
        },
      },
      h(
        "span",
        {
          class: "twig",
          click: (event) => {
            event.stopPropagation();
            toggle(node);
            render();
          },
        },
        hasMore ? (isOpen ? "▾" : "▸") : "",
      ),
      node.category ? dot(node.category) : null,
      h("span", { class: "label" }, node.label),
      h("span", { class: "share" }),
      h("span", { class: "amount" }, human(node.parameters)),
    );
  }

  function toggle(node) {
    if (!opened().delete(node.id)) opened().add(node.id);
  }

  const moves = {
    ArrowDown: (place) => rows[Math.min(place + 1, rows.length - 1)]?.node,
    ArrowUp: (place) => rows[Math.max(place - 1, 0)]?.node,
    Home: () => rows[0]?.node,
    End: () => rows.at(-1)?.node,
    ArrowRight(place, node) {
      if (!node.children.length) return node;
      if (opened().has(node.id)) return node.children[0];
      opened().add(node.id);
      return node;
    },
    ArrowLeft(place, node) {
      if (opened().delete(node.id)) return node;
      return node === top() ? node : node.parent;
    },
    Enter(place, node) {
      toggle(node);
      return node;
    },
  };

  box.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const place = rows.findIndex((row) => row.node.id === store.get().node);
    const next = move(Math.max(place, 0), rows[Math.max(place, 0)].node);
    if (next) store.change({ node: next.id });
    render();
  });

  for (const button of all("[data-tree]")) {
    button.addEventListener("click", () => store.change({ tree: button.dataset.tree }));
  }
  return { render };
}

function rowId(index) {
  return `tree-row-${index}`;
}

function within(node, top) {
  for (let up = node; up; up = up.parent) if (up === top) return true;
  return false;
}

// Opens the top, and the levels below it while they have one child or few rows.
function firstOpen(top) {
  const ids = [top.id];
  for (const child of top.children) {
    if (top.children.length <= 3) ids.push(child.id);
  }
  return ids;
}
