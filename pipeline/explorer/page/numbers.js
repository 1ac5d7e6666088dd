// How is a number written for a reader?

/** @type {[number, string][]} */
const UNITS = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "K"],
];

// 6738415616 as 6.74 B.
export function human(count) {
  if (count === null || count === undefined) return "–";
  for (const [size, unit] of UNITS) {
    if (Math.abs(count) >= size) return `${trim(count / size, 3)} ${unit}`;
  }
  return trim(count, 4);
}

export function humanBytes(count) {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let size = count;
  let place = 0;
  while (size >= 1000 && place < units.length - 1) {
    size /= 1000;
    place += 1;
  }
  return `${trim(size, 3)} ${units[place]}`;
}

export function exact(count) {
  return count.toLocaleString("en-US").replaceAll(",", "\u202f");
}

// Four significant digits, powers of ten where zeros would be many.
export function number(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return minus(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    const [digits, power] = value.toExponential(2).split("e");
    return `${minus(digits)}\u202f×\u202f10${superscript(Number(power))}`;
  }
  return minus(trim(value, 4));
}

export function percent(share) {
  if (share > 0 && share < 0.0001) return "< 0.01 %";
  return `${trim(share * 100, share < 0.01 ? 2 : 3)} %`;
}

function trim(value, digits) {
  return String(Number(value.toPrecision(digits)));
}

function minus(text) {
  return String(text).replace("-", "−");
}

export function superscript(power) {
  const signs = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴" };
  const rest = { 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  return [...String(power)].map((digit) => signs[digit] || rest[digit]).join("");
}

export function shapeText(shape) {
  return shape.length ? shape.join(" × ") : "scalar";
}

// `token_embedding` as `token embedding`.
export function words(name) {
  return String(name).replaceAll("_", " ");
}
