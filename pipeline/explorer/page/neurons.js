// Which neurons are loudest, and at what? A list to search, and one of them in full.

import { histogram } from "./charts.js";
import { h, s, show, virtualList } from "./dom.js";
import { table } from "./measured.js";
import { number, percent } from "./numbers.js";

const ROW = 44;
const BARS = { width: 320, height: 72, bottom: 16, top: 4 };

function read(model) {
  const { layers, rows } = model.neurons;
  return rows.map(
    ([place, neuron, rate, mean, most, norm, isDead, positions, contexts]) => {
      const { stack, layer, component } = layers[place];
      const texts = contexts.map(([, text]) => text);
      const marked = texts.map((text) => split(text)[1]);
      const name = `${stack ? `${stack} ` : ""}${layer}.${component}.${neuron}`;
      const numbers = { rate, mean, most, norm, isDead: Boolean(isDead) };
      const text = `${name} ${texts.join(" ")}`.toLowerCase();
      return {
        ...numbers,
        name,
        layer,
        neuron,
        positions,
        contexts,
        marked,
        text,
        of: layers[place],
      };
    },
  );
}

// A context is text before, the token in its marks, and text after.
function split(text) {
  const [before, rest = ""] = text.split("⟦");
  const [token, after = ""] = rest.split("⟧");
  return [before, token, after];
}

// Every word must fit: `layer:3`, `dead`, or any part of a name or context.
function find(neurons, query) {
  const tests = query
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => {
      if (word === "is:dead") return (n) => n.isDead;
      const [field, value] = word.split(":");
      if (field === "layer" && value) return (n) => String(n.layer) === value;
      return (n) => n.text.includes(word);
    });
  return neurons.filter((neuron) => tests.every((test) => test(neuron)));
}

export function makeNeurons(pane, data, models, store) {
  const summary = h("p", { class: "summary", role: "status" });
  const input = h("input", {
    type: "search",
    placeholder: "Search: layer:3 the is:dead",
    "aria-label": "Search neurons",
    autocomplete: "off",
    spellcheck: "false",
    input: renderList,
  });
  const box = h("div", { class: "rows found", tabindex: "0", "aria-label": "Neurons" });
  const card = h("div", { class: "neuron", "aria-label": "Neuron" });
  const side = h("div", { class: "neuron-list" }, input, summary, box);
  show(pane, side, card);
  const list = virtualList(box, ROW, drawRow);
  let neurons = [];
  let found = [];
  let chosen = null;
  let shown = null;

  function render() {
    const model = models[store.get().model];
    if (shown === model) return;
    shown = model;
    neurons = model.neurons ? read(model) : [];
    chosen = neurons[0] || null;
    side.hidden = !neurons.length;
    renderList();
    renderCard();
  }

  function renderList() {
    found = find(neurons, input.value);
    if (found.length && !found.includes(chosen)) {
      [chosen] = found;
      renderCard();
    }
    list.set(found);
    show(summary, `${found.length} of the ${neurons.length} loudest neurons`);
  }

  function drawRow(neuron) {
    return h(
      "div",
      {
        class: `row ${neuron === chosen ? "chosen" : ""}`,
        click: () => choose(neuron),
      },
      h(
        "span",
        { class: "label" },
        h("span", { class: "name" }, neuron.name),
        h("small", {}, neuron.marked.map(visible).join("  ")),
      ),
      h(
        "span",
        { class: "amount" },
        number(neuron.mean),
        h("small", {}, neuron.isDead ? "dead" : `fires ${percent(neuron.rate)}`),
      ),
    );
  }

  function choose(neuron) {
    chosen = neuron;
    list.paint();
    renderCard();
  }

  function renderCard() {
    if (!chosen) {
      const how = "weightlake probe runs a model on texts; its neurons are shown here.";
      show(card, h("p", { class: "small" }, `No neuron of this model was seen. ${how}`));
      return;
    }
    const { probe_set: texts, revision } = shown.neurons;
    show(
      card,
      h("h3", {}, chosen.name),
      h("p", { class: "small" }, `of ${revision}, on ${texts}`),
      table([
        ["fires", percent(chosen.rate), "tokens at which it is above zero"],
        ["mean magnitude", number(chosen.mean)],
        ["largest magnitude", number(chosen.most)],
        chosen.norm === null
          ? null
          : ["norm of its weights", number(chosen.norm), "its row of the weight"],
      ]),
      h("h4", {}, "Where it is loudest"),
      h("ul", { class: "contexts" }, chosen.contexts.map(drawContext)),
      h("h4", {}, "Mean magnitude by position"),
      drawPositions(chosen.positions),
      h("h4", {}, `All values of layer ${chosen.layer}`),
      histogram([{ bins: chosen.of.bins }], chosen.of.frame, data.alphabet),
    );
  }

  box.addEventListener("keydown", (event) => {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!way || !found.length) return;
    event.preventDefault();
    const place = found.indexOf(chosen) + way;
    choose(found[Math.min(Math.max(place, 0), found.length - 1)]);
    list.reveal(found.indexOf(chosen));
  });
  return { render };
}

function drawContext([value, text]) {
  const [before, token, after] = split(text);
  return h(
    "li",
    {},
    h("span", { class: "value" }, number(value)),
    h("code", {}, visible(before), h("mark", {}, visible(token)), visible(after)),
  );
}

// Ends of lines and spaces at an edge would not be seen.
function visible(text) {
  return text.replace(/\n/g, "⏎").replace(/^ | $/g, "·").replace(/\0/g, "␀");
}

// Ranges of positions double, so bars of equal width are a logarithmic axis.
function drawPositions(ranges) {
  const { width, height, bottom, top } = BARS;
  const most = Math.max(...ranges.map(([, size]) => size), 0) || 1;
  const step = width / Math.max(ranges.length, 1);
  const label = "Mean magnitude by position, from the first token on";
  const picture = s("svg", {
    viewBox: `0 0 ${width} ${height}`,
    class: "chart",
    role: "img",
    "aria-label": label,
  });
  ranges.forEach(([first, size], place) => {
    const tall = (size / most) * (height - bottom - top);
    const bar = s("rect", {
      x: (place * step + 1).toFixed(1),
      y: (height - bottom - tall).toFixed(1),
      width: (step - 2).toFixed(1),
      height: tall.toFixed(1),
      class: "area",
    });
    bar.append(s("title", {}, `from position ${first}: ${number(size)}`));
    const at = { x: (place + 0.5) * step, y: height - 4, class: "mark middle" };
    picture.append(bar, s("text", at, String(first)));
  });
  return picture;
}
