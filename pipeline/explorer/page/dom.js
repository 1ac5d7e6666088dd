// How is an element made? Text only ever becomes text: no markup is parsed here.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

// An HTML element; a function among the attributes listens to the event it is named by.
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

export function show(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

/** Elements of page.html, of whatever kind. @returns {any} */
export function byId(id) {
  return document.getElementById(id);
}

/** All elements that fit a selector. @returns {Iterable<HTMLElement>} */
export function all(selector) {
  return document.querySelectorAll(selector);
}

// A long list of which only the rows in sight exist. `draw(item, index)` makes a row of
// `height` pixels; returns how to give it items and how to bring one into sight.
export function virtualList(box, height, draw) {
  const room = h("div", { class: "room", role: "presentation" });
  const margin = 8;
  let items = [];
  let waiting = false;
  show(box, room);

  function paint() {
    waiting = false;
    const first = Math.max(0, Math.floor(box.scrollTop / height) - margin);
    const seen = Math.ceil((box.clientHeight || 600) / height) + 2 * margin;
    const rows = items.slice(first, first + seen).map((item, place) => {
      const row = draw(item, first + place);
      row.style.top = `${(first + place) * height}px`;
      return row;
    });
    room.replaceChildren(...rows);
  }

  function paintSoon() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(paint);
  }

  box.addEventListener("scroll", paintSoon, { passive: true });
  new ResizeObserver(paintSoon).observe(box);

  return {
    set(list) {
      items = list;
      room.style.height = `${list.length * height}px`;
      paint();
    },
    reveal(index) {
      const top = index * height;
      if (top < box.scrollTop) box.scrollTop = top;
      const bottom = top + height - box.clientHeight;
      if (bottom > box.scrollTop) box.scrollTop = bottom;
      paint();
    },
    paint,
  };
}
