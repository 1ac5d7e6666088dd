// What does a picture consist of? A box, a wire, words, an arrow's head.

import { categoryColor } from "./charts.js";
import { s } from "./dom.js";

// A box of one component: its word, its shape below, its category's colour.
export function drawBox(box, x, y, width, height) {
  const { label, note, category, pick, isChosen, isThought } = box;
  const most = Math.floor(width / 7.2);
  const middle = x + width / 2;
  const attributes = {
    class: `box ${isChosen ? "chosen" : ""} ${isThought ? "thought" : ""}`,
    style: category ? `--color:${categoryColor(category)}` : null,
  };
  if (pick) {
    Object.assign(attributes, { tabindex: 0, role: "button", click: pick });
    attributes["aria-label"] = [label, note].filter(Boolean).join(", ");
    attributes.keydown = (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        pick();
      }
    };
  }
  const isTall = note && height >= 30 && note.length <= width / 5.4;
  return s(
    "g",
    attributes,
    s("rect", { x, y, width, height, rx: 7 }),
    caption(middle, y + height / 2 + (isTall ? -1.5 : 4), clip(label, most)),
    isTall ? caption(middle, y + height / 2 + 11.5, note, "note") : null,
    s("title", {}, [label, note].filter(Boolean).join(": ")),
  );
}

export function wire(path, hasHead, className) {
  return s("path", {
    d: path,
    class: `wire ${className || ""}`,
    "marker-end": hasHead ? "url(#head)" : null,
  });
}

export function caption(x, y, text, className) {
  return s("text", { x, y, class: `caption ${className || ""}` }, text);
}

function clip(text, most) {
  return text.length > most ? `${text.slice(0, Math.max(most - 1, 1))}…` : text;
}

// The arrow's head, once for all pictures of the page.
export function arrowHead() {
  return s(
    "svg",
    { width: 0, height: 0, class: "defs", "aria-hidden": "true" },
    s(
      "defs",
      {},
      s(
        "marker",
        {
          id: "head",
          viewBox: "0 0 8 8",
          refX: 7,
          refY: 4,
          markerWidth: 6,
          markerHeight: 6,
          orient: "auto",
        },
        s("path", { d: "M0 0L8 4L0 8Z", class: "head" }),
      ),
    ),
  );
}
