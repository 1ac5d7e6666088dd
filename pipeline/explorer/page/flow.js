// How do vectors run through one stack? Drawn from inputs down to scores.

import { PAPER, Sketch } from "./sketch.js";
import { drawAttention, drawExperts, drawFeedForward, drawState } from "./sublayers.js";

// `look` says how a component is shown: (place, layer, component) to a box.
export function drawFlow(flow, look) {
  const sketch = new Sketch();
  if (flow.is_loose) return drawLoose(sketch, flow, look);
  drawInputs(sketch, flow, look);
  for (const block of flow.blocks) drawBlock(sketch, flow, block, look);
  drawOutputs(sketch, flow, look);
  return sketch.finish(`Flow through ${flow.name || "the model"}`);
}

// What joins other stacks: boxes alone, without a flow of their own.
function drawLoose(sketch, flow, look) {
  for (const place of ["input", "output"]) {
    for (const name of flow[`${place}s`]) {
      sketch.row([look(place, null, name)]);
      sketch.y += 8;
    }
  }
  return sketch.finish("Shared by the stacks");
}

function drawInputs(sketch, flow, look) {
  const added = flow.added;
  const after = flow.inputs.filter(
    (name) => !added.includes(name) && name !== "rotary",
  );
  const isImage = flow.inputs.includes("patch_embedding") || flow.name === "vision";
  sketch.pill(
    isImage ? "image" : flow.inputs.includes("token_embedding") ? "tokens" : "input",
  );
  if (added.length === 1) {
    sketch.arrow();
    sketch.row([look("input", null, added[0])]);
  } else if (added.length) {
    const boxes = added
      .map((name) => look("input", null, name))
      .map((box) => ({ ...box, label: box.label.replace(" embedding", "") }));
    const top = sketch.y;
    sketch.y += PAPER.gap;
    const middles = sketch.row(boxes);
    const end = sketch.y;
    sketch.y = top;
    sketch.fork(middles);
    sketch.y = end;
    sketch.join(middles);
    sketch.knot("+", "The embeddings are added");
  }
  for (const name of after) {
    sketch.arrow();
    sketch.row([look("input", null, name)]);
  }
  sketch.arrow();
}

function drawBlock(sketch, flow, block, look) {
  const title = block.layers.length > 1 ? `block × ${block.layers.length}` : "block";
  const which = block.layers.length > 1 ? "layers" : "layer";
  sketch.frame(title, `${which} ${ranges(block.layers)}`, () => {
    const inBlock = (name) => look("block", block.layers, name);
    const plain = block.sublayers.filter(({ kind }) => kind === "plain");
    const steps = block.sublayers.filter(({ kind }) => kind !== "plain");
    if (block.is_parallel && steps.length === 2) {
      drawParallel(sketch, flow, steps, inBlock);
    } else {
      for (const sublayer of steps) drawSublayer(sketch, flow, sublayer, inBlock);
    }
    for (const sublayer of plain) drawPlain(sketch, block, sublayer, look);
  });
  sketch.arrow();
}

function drawSublayer(sketch, flow, sublayer, inBlock) {
  const split = sketch.y;
  sketch.arrow(10);
  drawSteps(sketch, flow, sublayer, inBlock);
  sketch.arrow(10);
  sketch.knot("+", "What the sublayer says is added to the residual stream");
  sketch.bypass(split + 4);
  if (sublayer.norms.after) {
    sketch.arrow(10);
    sketch.row([inBlock(sublayer.norms.after)], 24);
  }
}

// Two sublayers that read the same vectors, normalised apart or once for both.
function drawParallel(sketch, flow, [one, other], inBlock) {
  const split = sketch.y;
  sketch.arrow(10);
  const shared = other.norms.before ? "" : one.norms.before;
  if (shared) sketch.row([inBlock(shared)], 24);
  const first = shared ? { ...one, norms: { ...one.norms, before: "" } } : one;
  sketch.beside(
    [first, other].map((sublayer) => () => drawSteps(sketch, flow, sublayer, inBlock)),
  );
  sketch.knot("+", "Both are added to the residual stream at once");
  sketch.bypass(split + 4);
}

function drawSteps(sketch, flow, sublayer, inBlock) {
  const { before, inside } = sublayer.norms;
  if (before) {
    sketch.row([inBlock(before)], 24);
    sketch.arrow(10);
  }
  const draw = {
    attention: drawAttention,
    cross_attention: drawAttention,
    state: drawState,
    feed_forward: drawFeedForward,
    experts: drawExperts,
  }[sublayer.kind];
  draw(sketch, flow, sublayer, inBlock);
  if (inside) {
    sketch.arrow(10);
    sketch.row([inBlock(inside)], 24);
  }
}

// What has no known flow: the modules of the first of these layers, by name.
function drawPlain(sketch, block, sublayer, look) {
  const most = 12;
  const boxes = look("modules", block.layers, sublayer.components);
  boxes.slice(0, most).forEach((box, i) => {
    if (i) sketch.y += 6;
    sketch.row([box]);
  });
  if (boxes.length > most) sketch.note(`and ${boxes.length - most} more`);
}

function drawOutputs(sketch, flow, look) {
  for (const name of flow.outputs) {
    sketch.row([look("output", null, name)]);
    sketch.arrow();
  }
  if (flow.ties_output) {
    sketch.row([
      { label: "token embedding again", note: "tied weights", isThought: true },
    ]);
    sketch.arrow();
  }
  const scores = flow.ties_output || flow.outputs.includes("unembedding");
  const isClass = flow.outputs.includes("classifier");
  sketch.pill(scores ? "scores of the vocabulary" : isClass ? "classes" : "vectors");
  drawUnordered(sketch, flow, look);
}

// No family names these: they are shown, and not put anywhere in the flow.
function drawUnordered(sketch, flow, look) {
  if (!flow.unordered.length) return;
  sketch.note("not known where these act:");
  for (const name of flow.unordered) {
    sketch.row([look("input", null, name)]);
    sketch.y += 8;
  }
}

// [0, 1, 2, 5] as `0–2, 5`.
function ranges(numbers) {
  const runs = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  const shown = runs.slice(0, 4).map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`));
  return shown.join(", ") + (runs.length > 4 ? ", …" : "");
}
