// Which checkpoints are in the page, and how is one named?

import { exact } from "./numbers.js";

// Of a long run not all are in the page.
export function shownCheckpoints({ revisions, n_checkpoints: all }) {
  if (revisions.length < 2) return "";
  return all > revisions.length
    ? `${revisions.length} of ${all}, evenly taken`
    : exact(revisions.length);
}

export function stepText(revisions, place) {
  const one = revisions[place];
  if (!one) return "";
  return one.step === undefined ? one.revision : `step ${exact(one.step)}`;
}
