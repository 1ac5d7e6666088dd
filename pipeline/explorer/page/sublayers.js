// How does a vector pass through attention, a feed-forward layer, experts, a state?

import { s } from "./dom.js";
import { caption, wire } from "./shapes.js";
import { PAPER } from "./sketch.js";

const STATE_ROW = ["ssm_x_proj", "ssm_dt_proj", "ssm_a_log", "ssm_d"];

export function drawAttention(sketch, flow, sublayer, inBlock) {
  const isCross = sublayer.kind === "cross_attention";
  const has = (name) => sublayer.components.includes(name);
  const named = (name) => (isCross ? `cross_${name}` : name);
  const columns = [
    ["qkv"],
    ["q_a", "q_b", "q", "q_norm"],
    ["kv_a", "kv_b", "kv", "k", "k_norm"],
    ["v"],
  ]
    .map((column) => column.map(named).filter(has))
    .filter((column) => column.length);
  if (columns.length > 1) drawColumns(sketch, columns, inBlock);
  else drawColumn(sketch, columns[0] || [], inBlock);
  const rotary = flow.positions === "rotary" && !isCross;
  const facts = sublayer.facts;
  if (isCross) sketch.note("keys and values are of the encoder's output");
  if (rotary) sketch.note("↻ queries and keys rotated with their position");
  if (flow.positions === "alibi") sketch.note("scores fall with distance (ALiBi)");
  for (const name of ["relative_bias", "sinks"].filter(has)) {
    sketch.arrow(8);
    sketch.row([inBlock(name)], 24);
  }
  sketch.y += 5;
  drawHeads(sketch, facts);
  const window = facts.window ? `, window ${facts.window}` : "";
  sketch.row([{ label: `softmax(q·kᵀ/√d)·v${window}`, isThought: true }], 24);
  if (has(named("o"))) {
    sketch.arrow(10);
    sketch.row([inBlock(named("o"))]);
  }
}

function drawColumn(sketch, names, inBlock) {
  for (const name of names) {
    sketch.row([inBlock(name)]);
    sketch.arrow(10);
  }
}

// Columns of boxes side by side, each a way of its own from the norm to the scores.
function drawColumns(sketch, columns, inBlock) {
  const top = sketch.y;
  const rows = Math.max(...columns.map((column) => column.length));
  sketch.y += PAPER.gap;
  let middles = [];
  for (let row = 0; row < rows; row += 1) {
    const boxes = columns.map((column) =>
      column[row] ? inBlock(column[row]) : { label: "", isHidden: true },
    );
    const above = sketch.y;
    if (row) {
      columns.forEach((column, i) => {
        if (column[row]) sketch.add(wire(`M${middles[i]} ${sketch.y}v8`, true));
      });
      sketch.y += 8;
    }
    const place = sketch.parts.length;
    middles = sketch.row(boxes, row ? 26 : PAPER.box);
    boxes.forEach((box, i) => {
      if (!box.isHidden) return;
      sketch.parts[place + i].setAttribute("class", "hidden");
      sketch.add(wire(`M${middles[i]} ${above}V${sketch.y}`));
    });
  }
  const end = sketch.y;
  sketch.y = top;
  sketch.fork(middles);
  sketch.y = end;
  sketch.join(middles);
}

// Query heads above, the key and value heads that they share below them.
function drawHeads(sketch, { n_heads: heads, n_kv_heads: shared, head_dim: size }) {
  if (!heads) return;
  const width = Math.min(260, sketch.right - sketch.left - 20);
  const left = sketch.centre - width / 2;
  const strip = (count, y, height, className) => {
    if (count > 130)
      return [s("rect", { x: left, y, width, height, class: className })];
    const step = width / count;
    return Array.from({ length: count }, (_, i) =>
      s("rect", {
        x: (left + i * step + step * 0.06).toFixed(2),
        y,
        width: (step * 0.88).toFixed(2),
        height,
        rx: Math.min(2, step / 4),
        class: className,
      }),
    );
  };
  const kv = shared || heads;
  sketch.add(
    s(
      "g",
      { class: "heads" },
      strip(heads, sketch.y, 9, "query"),
      strip(kv, sketch.y + 11, 7, "key"),
    ),
  );
  sketch.y += 20;
  const of = size ? ` of ${size}` : "";
  const kinds = kv === heads ? "" : `, ${kv} key–value head${kv === 1 ? "" : "s"}`;
  sketch.note(`${heads} heads${of}${kinds}`);
}

export function drawFeedForward(sketch, flow, sublayer, inBlock) {
  const { facts, components } = sublayer;
  const has = (name) => components.includes(name);
  const activation = String(facts.activation || "activation");
  if (has("gate") && has("up")) {
    drawColumns(sketch, [["gate"], ["up"]], inBlock);
    sketch.knot("×", `${activation}(gate) multiplies up`);
    sketch.note(`${activation}(gate) × up${widthText(facts)}`);
  } else {
    for (const name of ["gate_up", "gate", "up"].filter(has))
      sketch.row([inBlock(name)]);
    const formula = has("gate_up") ? `${activation}(gate) × up` : activation;
    if (has("gate_up") || has("up")) sketch.note(`${formula}${widthText(facts)}`);
  }
  if (has("down")) {
    sketch.arrow(8);
    sketch.row([inBlock("down")]);
  }
}

function widthText(facts) {
  return facts.width ? `, ${facts.width} hidden units` : "";
}

export function drawExperts(sketch, flow, sublayer, inBlock) {
  const { facts, components } = sublayer;
  if (components.includes("router")) {
    sketch.row([inBlock("router")]);
    sketch.arrow(10);
  }
  const top = sketch.y;
  const place = sketch.parts.length;
  sketch.y += 26;
  const own = components.filter(
    (name) => !name.startsWith("shared") && name !== "router",
  );
  drawFeedForward(sketch, flow, { facts, components: own }, inBlock);
  sketch.y += 8;
  const cards = [10, 5, 0].map((shift) =>
    s("rect", {
      x: 40 + shift,
      y: top + shift / 2,
      width: 310,
      height: sketch.y - top,
      rx: 9,
      class: "card",
    }),
  );
  const used = facts.top_k ? `, ${facts.top_k} of them per token` : "";
  const text = `${facts.n_experts} experts${used}`;
  sketch.parts.splice(place, 0, ...cards, caption(195, top + 18, text, "strong"));
  sketch.y += 6;
  const shared = components.filter((name) => name.startsWith("shared"));
  if (!shared.length) return;
  sketch.note("and an expert that every token visits:");
  sketch.row(shared.map((name) => inBlock(name)));
}

export function drawState(sketch, flow, sublayer, inBlock) {
  const has = (name) => sublayer.components.includes(name);
  for (const name of ["ssm_in_proj", "ssm_conv1d"].filter(has)) {
    sketch.row([inBlock(name)]);
    sketch.arrow(10);
  }
  const inner = STATE_ROW.filter(has);
  const short = (box) => ({ ...box, label: box.label.replace("ssm ", "") });
  if (inner.length) sketch.row(inner.map((name) => short(inBlock(name))));
  sketch.note("a state is carried along the sequence");
  for (const name of ["ssm_norm", "ssm_out_proj"].filter(has)) {
    sketch.arrow(8);
    sketch.row([inBlock(name)]);
  }
}
