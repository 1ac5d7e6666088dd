// With what is a picture of an architecture drawn? Boxes, arrows, sums, one below another.

import { s } from "./dom.js";
import { caption, drawBox, wire } from "./shapes.js";

export const PAPER = { width: 380, box: 34, gap: 16 };
// The column that is drawn in: the whole, but for sublayers that stand beside each other.
const WHOLE = { centre: 200, left: 34, right: 366, margin: 12 };
const HALVES = [
  { centre: 112, left: 34, right: 190, margin: 2 },
  { centre: 288, left: 210, right: 366, margin: 2 },
];

// A column that grows downwards: `y` is where the next thing goes.
export class Sketch {
  constructor() {
    this.y = 8;
    this.parts = [];
    this.take(WHOLE);
  }

  // The column between two sides of the paper.
  take({ centre, left, right, margin }) {
    this.centre = centre;
    this.left = left;
    this.right = right;
    this.margin = margin;
  }

  add(...nodes) {
    this.parts.push(...nodes);
  }

  finish(label) {
    const height = this.y + 8;
    return s(
      "svg",
      {
        viewBox: `0 0 ${PAPER.width} ${height}`,
        width: PAPER.width,
        height,
        class: "sketch",
        role: "group",
        "aria-label": label,
      },
      this.parts,
    );
  }

  // A line down the middle, with an arrow's head.
  arrow(length) {
    const to = this.y + (length || PAPER.gap);
    this.add(wire(`M${this.centre} ${this.y}V${to}`, true));
    this.y = to;
  }

  pill(text) {
    const width = Math.min(40 + text.length * 7, 300);
    const x = this.centre - width / 2;
    this.add(
      s("rect", { x, y: this.y, width, height: 24, rx: 12, class: "pill" }),
      caption(this.centre, this.y + 16, text),
    );
    this.y += 24;
  }

  // Boxes side by side, the widths by weight; returns their middles.
  row(boxes, height) {
    const space = 10;
    const room = this.right - this.left - 2 * this.margin - space * (boxes.length - 1);
    const whole = boxes.reduce((sum, box) => sum + (box.weight || 1), 0);
    const narrow = boxes.length === 1 ? Math.min(room, 230) : room;
    let x = this.centre - (narrow + space * (boxes.length - 1)) / 2;
    const middles = [];
    for (const box of boxes) {
      const width = (narrow * (box.weight || 1)) / whole;
      this.add(drawBox(box, x, this.y, width, height || PAPER.box));
      middles.push(x + width / 2);
      x += width + space;
    }
    this.y += height || PAPER.box;
    return middles;
  }

  // From the middle to each of several columns, and back.
  fork(middles) {
    const { gap } = PAPER;
    const { centre } = this;
    const half = this.y + gap / 2;
    for (const x of middles) {
      this.add(wire(`M${centre} ${this.y}V${half}H${x}V${this.y + gap}`, true));
    }
    this.y += gap;
  }

  join(middles) {
    const { gap } = PAPER;
    const { centre } = this;
    const half = this.y + gap / 2;
    for (const x of middles) this.add(wire(`M${x} ${this.y}V${half}H${centre}`));
    this.add(wire(`M${centre} ${half}V${this.y + gap}`, true));
    this.y += gap;
  }

  // A small circle that adds or multiplies what meets there.
  knot(sign, title) {
    const cy = this.y + 9;
    this.add(
      s(
        "g",
        { class: "knot" },
        s("circle", { cx: this.centre, cy, r: 9 }),
        s("text", { x: this.centre, y: cy + 4.5 }, sign),
        s("title", {}, title),
      ),
    );
    this.y += 18;
  }

  // The residual stream past what was drawn since `top`, into the knot just drawn.
  bypass(top) {
    const x = this.left - 12;
    const end = this.y - 9;
    const round = 8;
    this.add(
      wire(
        `M${this.centre} ${top}H${x + round}Q${x} ${top} ${x} ${top + round}` +
          `V${end - round}Q${x} ${end} ${x + round} ${end}H${this.centre - 9}`,
        true,
        "stream",
      ),
    );
  }

  // Small words, in as many lines as the column needs.
  note(text) {
    const most = (this.right - this.left) / 5.6;
    const lines = [""];
    for (const word of text.split(" ")) {
      const longer = `${lines.at(-1)} ${word}`.trim();
      if (longer.length > most) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    for (const line of lines) {
      this.add(caption(this.centre, this.y + 11, line, "note"));
      this.y += 13;
    }
    this.y += 4;
  }

  // What each of two functions draws, side by side; both come together below.
  beside(draws) {
    const middles = HALVES.map(({ centre }) => centre);
    this.fork(middles);
    const begin = this.y;
    const ends = draws.map((draw, place) => {
      Object.assign(this, HALVES[place], { y: begin });
      draw();
      return this.y;
    });
    Object.assign(this, WHOLE, { y: Math.max(...ends) });
    ends.forEach((end, place) => this.add(wire(`M${middles[place]} ${end}V${this.y}`)));
    this.join(middles);
  }

  // A frame around what `draw` draws, with a title in its corner.
  frame(title, detail, draw) {
    const top = this.y;
    this.y += 30;
    const place = this.parts.length;
    draw();
    this.y += 12;
    this.parts.splice(
      place,
      0,
      s("rect", {
        x: 4,
        y: top,
        width: PAPER.width - 8,
        height: this.y - top,
        rx: 12,
        class: "frame",
      }),
      s("text", { x: 16, y: top + 20, class: "title" }, title),
      s("text", { x: PAPER.width - 16, y: top + 20, class: "note end" }, detail),
    );
  }
}
