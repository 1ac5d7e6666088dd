// What is being looked at? One value, kept in the address so that it can be passed on.

// key in the address: name here, value when the address does not say.
const FIELDS = {
  m: ["model", 0],
  n: ["node", ""],
  s: ["step", null],
  v: ["view", "diagram"],
  t: ["tree", ""],
  q: ["query", ""],
  b: ["other", null],
  x: ["metric", ""],
  c: ["category", ""],
};

export function makeState(models) {
  let state = parse(location.hash, models);
  const listeners = [];

  function announce(before) {
    for (const listener of listeners) listener(state, before);
  }

  window.addEventListener("hashchange", () => {
    const next = parse(location.hash, models);
    if (write(next, models) === write(state, models)) return;
    const before = state;
    state = next;
    announce(before);
  });

  return {
    get: () => state,
    listen: (listener) => listeners.push(listener),
    // Change some of it; a step back in the browser undoes a choice, not a keystroke.
    change(patch) {
      const before = state;
      state = settle({ ...state, ...patch }, models);
      const hash = write(state, models);
      const isQuiet = "query" in patch || "step" in patch;
      if (hash !== location.hash) {
        history[isQuiet ? "replaceState" : "pushState"](null, "", hash);
      }
      announce(before);
    },
  };
}

function parse(hash, models) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = {};
  for (const [key, [name, usual]] of Object.entries(FIELDS)) {
    state[name] = given.has(key) ? given.get(key) : usual;
  }
  state.model = findModel(models, state.model) ?? 0;
  state.other = findModel(models, state.other);
  if (state.step !== null) {
    const revisions = models[state.model].revisions;
    const place = revisions.findIndex((r) => r.revision === state.step);
    state.step = place < 0 ? null : place;
  }
  return settle(state, models);
}

// An invalid state is replaced by the nearest valid one: a missing node, a step too far.
function settle(state, models) {
  const model = models[state.model];
  const last = Math.max(model.revisions.length - 1, 0);
  const main = model.revisions.findIndex((r) => r.revision === model.revision);
  const step = state.step ?? (main < 0 ? last : main);
  const views = ["tree", "diagram", "tensors", "compare", "neurons"];
  return {
    ...state,
    step: Math.min(Math.max(step, 0), last),
    node: model.nodes.has(state.node) ? state.node : "",
    tree: state.tree || (model.family === "unknown" ? "name" : "role"),
    view: views.includes(state.view) ? state.view : "diagram",
  };
}

function write(state, models) {
  const model = models[state.model];
  const words = new URLSearchParams();
  const values = {
    ...state,
    model: model.name,
    step: model.revisions[state.step]?.revision ?? "",
    other: state.other === null ? "" : models[state.other].name,
  };
  for (const [key, [name]] of Object.entries(FIELDS)) {
    if (values[name] !== "" && values[name] !== null) words.set(key, values[name]);
  }
  return `#${words}`;
}

function findModel(models, name) {
  const place = models.findIndex((model) => model.name === name);
  return place < 0 ? null : place;
}
