// Pictures of titles: the browser takes the width and the encoding that suit it, and shows a few colours until it has them.

import { el } from "./dom.js";

/** Of the longer side of a placeholder, in pixels. */
const PLACEHOLDER_SIDE = 32;

/** The lines of `srcset`, by media type. */
function sets(sources) {
  const lines = new Map();
  for (const { type, url, width } of sources) lines.set(type, [...(lines.get(type) ?? []), `${url} ${width}w`]);
  return lines;
}

/**
 * A picture as the API tells of it.
 * @param {{ width: number, height: number, placeholder: string, sources: object[] }} shown
 * @param {string} sizes how wide it is shown, as `sizes` of an image
 * @param {string} alt what it tells to whoever does not see it; empty for what only adorns
 */
export function picture(shown, sizes, alt) {
  const lines = sets(shown.sources);
  const fallback = shown.sources.findLast(({ type }) => type === "image/jpeg");
  const image = el("img", { alt, sizes, width: shown.width, height: shown.height, decoding: "async" });
  // Before the address: the browser asks at once.
  image.srcset = (lines.get("image/jpeg") ?? []).join(", ");
  image.src = fallback?.url ?? "";
  const veil = placeholder(shown);
  if (veil) {
    image.style.background = `center / cover url("${veil}")`;
    // What is transparent must not show it for ever.
    image.onload = () => { image.style.background = ""; };
  }
  const webp = el("source", { type: "image/webp", sizes, srcset: (lines.get("image/webp") ?? []).join(", ") });
  return el("picture", {}, webp, image);
}

/** The placeholder as an address of its own; nothing where it cannot be read. */
function placeholder({ placeholder, width, height }) {
  try {
    const hash = Uint8Array.from(atob(placeholder), (letter) => letter.charCodeAt(0));
    if (hash.length < 5) return null;
    const longer = Math.max(width, height);
    const canvas = el("canvas", {
      width: Math.max(1, Math.round((PLACEHOLDER_SIDE * width) / longer)),
      height: Math.max(1, Math.round((PLACEHOLDER_SIDE * height) / longer)),
    });
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(canvas.width, canvas.height);
    pixels.data.set(colours(hash, canvas.width, canvas.height));
    context.putImageData(pixels, 0, 0);
    return canvas.toDataURL();
  } catch {
    return null;
  }
}

/** ThumbHash (https://evanw.github.io/thumbhash/): brightness, two differences of colours and opacity as sums of cosines. */
export function colours(hash, width, height) {
  const head = hash[0] | (hash[1] << 8) | (hash[2] << 16);
  const tail = hash[3] | (hash[4] << 8);
  const hasAlpha = head >> 23;
  const [long, short] = [hasAlpha ? 5 : 7, tail & 7];
  const [across, down] = (tail >> 15 ? [long, short] : [short, long]).map((count) => Math.max(3, count));
  let at = hasAlpha ? 12 : 10;
  const nibble = () => {
    const value = (hash[at >> 1] >> ((at & 1) << 2)) & 15;
    at += 1;
    return value / 7.5 - 1;
  };
  const channel = (middle, columns, rows, scale) => {
    const waves = [];
    for (let row = 0; row < rows; row += 1) {
      for (let column = row ? 0 : 1; column * rows < columns * (rows - row); column += 1) waves.push([column, row, nibble() * scale]);
    }
    return (x, y) => waves.reduce((sum, [column, row, height]) => sum
      + height * (column ? Math.cos(Math.PI * x * column) : 1) * (row ? Math.cos(Math.PI * y * row) : 1) * 2, middle);
  };
  const brightness = channel((head & 63) / 63, across, down, ((head >> 18) & 31) / 31);
  const yellowBlue = channel(((head >> 6) & 63) / 31.5 - 1, 3, 3, (((tail >> 3) & 63) / 63) * 1.25);
  const redGreen = channel(((head >> 12) & 63) / 31.5 - 1, 3, 3, (((tail >> 9) & 63) / 63) * 1.25);
  const opacity = hasAlpha ? channel((hash[5] & 15) / 15, 5, 5, (hash[5] >> 4) / 15) : () => 1;
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, place = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, place += 4) {
      const [column, row] = [(x + 0.5) / width, (y + 0.5) / height];
      const [l, p, q] = [brightness, yellowBlue, redGreen].map((of) => of(column, row));
      const blue = l - (2 / 3) * p;
      const red = (3 * l - blue + q) / 2;
      data.set([red, red - q, blue, opacity(column, row)].map((value) => 255 * value), place);
    }
  }
  return data;
}
