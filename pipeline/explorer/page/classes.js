// Which code made it? The class of a module and those around it, with their source.

import { h } from "./dom.js";
import { table } from "./measured.js";

// The classes that all tensors share, from the innermost outwards.
export function sharedChain(tensors) {
  const [first, ...others] = tensors.map((tensor) => tensor.chain);
  return (first || []).filter((id) => others.every((chain) => chain.includes(id)));
}

export function classes(data, chain) {
  if (!chain.length) return null;
  return h(
    "section",
    {},
    h("h3", {}, "Class"),
    chain.map((id) => drawClass(data.classes[id])),
  );
}

function drawClass({ name, code, cut }) {
  const short = name.split(".").at(-1);
  const module = name.slice(0, -short.length - 1);
  const title = [h("b", {}, short), " ", h("small", {}, module)];
  if (!code) return h("p", { class: "class" }, title);
  return h(
    "details",
    { class: "class" },
    h("summary", {}, title),
    h(
      "pre",
      {},
      code,
      cut ? "\n… cut here: the whole is in the installed package" : null,
    ),
  );
}

export function config(model) {
  const entries = Object.entries(model.config);
  if (!entries.length) return null;
  return h(
    "section",
    {},
    h(
      "details",
      {},
      h("summary", {}, "Config"),
      table(
        entries.map(([key, value]) => [
          key,
          typeof value === "object" ? JSON.stringify(value) : String(value),
        ]),
      ),
    ),
  );
}

export function notes(model) {
  if (!model.notes.length) return null;
  return h(
    "section",
    {},
    h("h3", {}, "Noticed"),
    h(
      "ul",
      { class: "notes" },
      model.notes.map((note) => h("li", {}, note)),
    ),
  );
}
