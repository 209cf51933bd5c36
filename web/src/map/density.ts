/** How crowded the map is, as a picture: every item counts, those that are too many to be drawn as well. */

import type { Box } from "./camera";

export interface Grid {
  box: Box;
  columns: number;
  rows: number;
}

/** Items in cells: how many, and the sums of their colours. */
interface Sums {
  count: Float32Array;
  red: Float32Array;
  green: Float32Array;
  blue: Float32Array;
}

/**
 * Return the premultiplied RGBA of a grid, rows from the bottom.
 *
 * `radius`: of the smoothing, in cells. `usual`: the items of a cell that is as full as most; it is
 * about half opaque.
 */
export function shade(
  grid: Grid,
  items: { xy: Float32Array; codes: Uint8Array; palette: Uint8Array },
  radius: number,
  usual: number,
): Uint8Array<ArrayBuffer> {
  const sums = gather(grid, items);
  const turns = radius > 1 ? 3 : 2;
  const spare = new Float32Array(sums.count.length);
  for (const channel of Object.values(sums) as Float32Array[]) {
    for (let turn = 0; turn < turns; turn++) {
      blurRows(channel, spare, grid.columns, grid.rows, radius);
      blurColumns(spare, channel, grid.columns, grid.rows, radius);
    }
  }
  return tone(sums, usual);
}

function gather(
  { box, columns, rows }: Grid,
  { xy, codes, palette }: { xy: Float32Array; codes: Uint8Array; palette: Uint8Array },
): Sums {
  const size = columns * rows;
  const [count, red, green, blue] = [0, 1, 2, 3].map(() => new Float32Array(size)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [left, bottom, right, top] = box;
  const [perX, perY] = [columns / (right - left), rows / (top - bottom)];
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number;
    if (palette[4 * code + 3] === 0) continue;
    const column = Math.floor(((xy[2 * i] as number) - left) * perX);
    const row = Math.floor(((xy[2 * i + 1] as number) - bottom) * perY);
    if (column < 0 || row < 0 || column >= columns || row >= rows) continue;
    const cell = row * columns + column;
    count[cell] = (count[cell] as number) + 1;
    red[cell] = (red[cell] as number) + (palette[4 * code] as number);
    green[cell] = (green[cell] as number) + (palette[4 * code + 1] as number);
    blue[cell] = (blue[cell] as number) + (palette[4 * code + 2] as number);
  }
  return { count, red, green, blue };
}

/** Some running means in a row are near a Gaussian, at a cost that does not grow with the radius. */
function blurRows(from: Float32Array, to: Float32Array, columns: number, rows: number, radius: number): void {
  const share = 1 / (2 * radius + 1);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let sum = 0;
    for (let c = 0; c < Math.min(radius, columns); c++) sum += from[start + c] as number;
    for (let c = 0; c < columns; c++) {
      if (c + radius < columns) sum += from[start + c + radius] as number;
      if (c - radius > 0) sum -= from[start + c - radius - 1] as number;
      to[start + c] = sum * share;
    }
  }
}

function blurColumns(from: Float32Array, to: Float32Array, columns: number, rows: number, radius: number): void {
  const share = 1 / (2 * radius + 1);
  const sums = new Float32Array(columns);
  for (let r = 0; r < Math.min(radius, rows); r++) {
    for (let c = 0; c < columns; c++) sums[c] = (sums[c] as number) + (from[r * columns + c] as number);
  }
  for (let r = 0; r < rows; r++) {
    const enters = r + radius < rows ? (r + radius) * columns : -1;
    const leaves = r - radius > 0 ? (r - radius - 1) * columns : -1;
    for (let c = 0; c < columns; c++) {
      let sum = sums[c] as number;
      if (enters >= 0) sum += from[enters + c] as number;
      if (leaves >= 0) sum -= from[leaves + c] as number;
      sums[c] = sum;
      to[r * columns + c] = Math.max(0, sum) * share;
    }
  }
}

function tone({ count, red, green, blue }: Sums, usual: number): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(count.length * 4);
  for (let cell = 0; cell < count.length; cell++) {
    const items = count[cell] as number;
    if (items < usual * 1e-3) continue;
    const alpha = 1 - (1 + items / usual) ** -1.1; // steep where there is little, and never quite full
    const each = alpha / items;
    pixels[4 * cell] = (red[cell] as number) * each;
    pixels[4 * cell + 1] = (green[cell] as number) * each;
    pixels[4 * cell + 2] = (blue[cell] as number) * each;
    pixels[4 * cell + 3] = 255 * alpha;
  }
  return pixels;
}

/** Return how many items lie in a unit of area where the map is as full as for a quarter of its items at most. */
export function usualDensity(xy: Float32Array): number {
  const cells = 192;
  const counts = new Uint32Array(cells * cells);
  const n = xy.length / 2;
  for (let i = 0; i < n; i++) {
    const column = Math.floor(((xy[2 * i] as number) + 1) * (cells / 2));
    const row = Math.floor(((xy[2 * i + 1] as number) + 1) * (cells / 2));
    if (column < 0 || row < 0 || column >= cells || row >= cells) continue;
    counts[row * cells + column] = (counts[row * cells + column] as number) + 1;
  }
  counts.sort();
  let before = 0;
  for (const count of counts) {
    before += count;
    if (4 * before >= n) return Math.max(1, count) / (2 / cells) ** 2;
  }
  return 1;
}
