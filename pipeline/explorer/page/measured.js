// What was measured of a tensor? Histogram, spectra, statistics, their course over a run.

import { course, histogram, spectrum } from "./charts.js";
import { h } from "./dom.js";
import { exact, number, words } from "./numbers.js";

const SEEN_FIRST = ["std", "abs_max", "kurtosis"];

export function pictures(data, model, tensor, step) {
  const frame = model.frames?.[tensor.index];
  const bins = model.bins?.[step]?.[tensor.index];
  const views = model.spectra?.[step]?.[tensor.index] || [];
  const outside = model.outside?.[step]?.[tensor.index] || 0;
  const hasBins = bins && frame.length && frame[0] !== null;
  const further = outside === 1 ? "1 value lies" : `${exact(outside)} values lie`;
  return [
    hasBins &&
      h(
        "section",
        {},
        h("h3", {}, "Values"),
        histogram([{ bins }], frame, data.alphabet),
        outside > 0 && h("p", { class: "small" }, `${further} further out`),
      ),
    views.length > 0 &&
      h(
        "section",
        {},
        h("h3", {}, "Singular values"),
        views.map((view) => spectrumOf(data, view)),
      ),
  ];
}

function spectrumOf(data, [view, nValues, ...rest]) {
  const shape = rest.pop();
  const rows = data.spectral.map(({ name, unit, meaning }, i) => [
    withUnit(name, unit),
    number(rest[i]),
    meaning,
  ]);
  return [
    view === "whole" ? null : h("h4", {}, view),
    spectrum([{ shape }], nValues, data.alphabet, data.decades),
    table(rows.filter(([, value]) => value !== "–")),
  ];
}

export function statistics(data, model, tensor, step) {
  const rows = data.metrics
    .map(({ name, unit, meaning, formula }, place) => {
      const value = model.value(tensor, place, step);
      const title = formula ? `${meaning}: ${formula}` : meaning;
      return value === null ? null : [withUnit(name, unit), number(value), title];
    })
    .filter(Boolean);
  if (!rows.length) return null;
  return h("section", {}, h("h3", {}, "Statistics"), table(rows));
}

// Along the steps of a series, of the statistics that explain most.
export function courses(data, model, tensor, step) {
  if (model.revisions.length < 3) return null;
  const labels = model.revisions.map((r) => r.revision);
  const drawn = data.metrics
    .map(({ name, unit }, place) => ({ name, unit, place }))
    .filter(({ name }) => SEEN_FIRST.includes(name))
    .map(({ name, unit, place }) => {
      const values = model.revisions.map((_, i) => model.value(tensor, place, i));
      return values.filter((v) => v !== null).length < 2
        ? null
        : h("div", {}, h("h4", {}, withUnit(name, unit)), course(values, step, labels));
    })
    .filter(Boolean);
  return drawn.length
    ? h("section", {}, h("h3", {}, `Over ${labels.length} checkpoints`), drawn)
    : null;
}

export function withUnit(name, unit) {
  const label = words(name.replace(/^n_/, ""));
  const isSaid = label.toLowerCase().endsWith(unit.toLowerCase());
  if (!unit || unit === "elements") return label;
  if (isSaid && unit === "fraction") return label;
  return `${isSaid ? label.slice(0, -unit.length - 1) : label} (${unit})`;
}

// Rows of name, value and, as a hint, what the name means.
export function table(rows) {
  return h(
    "table",
    {},
    rows
      .filter(Boolean)
      .map(([name, value, meaning]) =>
        h(
          "tr",
          { title: meaning || null },
          h("th", { scope: "row" }, name),
          h("td", {}, value),
        ),
      ),
  );
}
