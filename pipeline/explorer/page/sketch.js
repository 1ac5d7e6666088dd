// With what is a picture of an architecture drawn? Boxes, arrows, sums, one below another.

const PAPER = { width: 380, centre: 200, box: 34, gap: 16, left: 34, right: 366 };

// A column that grows downwards: `y` is where the next thing goes.
class Sketch {
  constructor() {
    this.y = 8;
    this.parts = [];
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
    this.add(wire(`M${PAPER.centre} ${this.y}V${to}`, true));
    this.y = to;
  }

  pill(text) {
    const width = Math.min(40 + text.length * 7, 300);
    const x = PAPER.centre - width / 2;
    this.add(
      s("rect", { x, y: this.y, width, height: 24, rx: 12, class: "pill" }),
      caption(PAPER.centre, this.y + 16, text),
    );
    this.y += 24;
  }

  // Boxes side by side, the widths by weight; returns their middles.
  row(boxes, height) {
    const space = 10;
    const room = PAPER.right - PAPER.left - 24 - space * (boxes.length - 1);
    const whole = boxes.reduce((sum, box) => sum + (box.weight || 1), 0);
    const narrow = boxes.length === 1 ? Math.min(room, 230) : room;
    let x = PAPER.centre - (narrow + space * (boxes.length - 1)) / 2;
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
    const { centre, gap } = PAPER;
    const half = this.y + gap / 2;
    for (const x of middles) {
      this.add(wire(`M${centre} ${this.y}V${half}H${x}V${this.y + gap}`, true));
    }
    this.y += gap;
  }

  join(middles) {
    const { centre, gap } = PAPER;
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
        s("circle", { cx: PAPER.centre, cy, r: 9 }),
        s("text", { x: PAPER.centre, y: cy + 4.5 }, sign),
        s("title", {}, title),
      ),
    );
    this.y += 18;
  }

  // The residual stream past what was drawn since `top`, into the knot just drawn.
  bypass(top) {
    const x = PAPER.left - 12;
    const end = this.y - 9;
    const round = 8;
    this.add(
      wire(
        `M${PAPER.centre} ${top}H${x + round}Q${x} ${top} ${x} ${top + round}` +
          `V${end - round}Q${x} ${end} ${x + round} ${end}H${PAPER.centre - 9}`,
        true,
        "stream",
      ),
    );
  }

  note(text) {
    this.add(caption(PAPER.centre, this.y + 11, text, "note"));
    this.y += 17;
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

// A box of one component: its word, its shape below, its category's colour.
function drawBox(box, x, y, width, height) {
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
  const isTall = note && height >= 30;
  return s(
    "g",
    attributes,
    s("rect", { x, y, width, height, rx: 7 }),
    caption(middle, y + height / 2 + (isTall ? -1.5 : 4), clip(label, most)),
    isTall
      ? caption(middle, y + height / 2 + 11.5, clip(note, most + 4), "note")
      : null,
    s("title", {}, [label, note].filter(Boolean).join(": ")),
  );
}

function wire(path, hasHead, className) {
  return s("path", {
    d: path,
    class: `wire ${className || ""}`,
    "marker-end": hasHead ? "url(#head)" : null,
  });
}

function caption(x, y, text, className) {
  return s("text", { x, y, class: `caption ${className || ""}` }, text);
}

function clip(text, most) {
  return text.length > most ? `${text.slice(0, Math.max(most - 1, 1))}…` : text;
}

// The arrow's head, once for all pictures of the page.
function arrowHead() {
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
