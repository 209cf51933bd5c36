/** Questions about many places at once: what is in view, how crowded it is, where categories lie. Runs in a worker. */

import KDBush from "kdbush";
import type { Box } from "./camera";
import { shade, usualDensity } from "./density";
import type { Shade } from "./renderer";

/** Fewer items of a category are no place on the map. */
const FEWEST = 3;

export interface Ask {
  /** What is wanted: a box with a margin around what is seen. */
  box: Box;
  /** What is seen. */
  view: Box;
  /** At most so many ids come back, the most frequent items'. */
  limit: number;
  /** Cells of the density; 0: none is wanted. */
  columns: number;
  rows: number;
  radius: number;
}

export interface Seen {
  box: Box;
  /** Ids in view, the least frequent first, so that the most frequent are drawn above. */
  order: Uint32Array<ArrayBuffer>;
  /** How many are in the box, and in view, drawn or not. */
  total: number;
  inView: number;
  shade: Shade | null;
  /** What share of the box has items in it. */
  filled: number;
}

/** Where a category's name stands: amid most of its items. */
export interface Anchor {
  code: number;
  x: number;
  y: number;
  count: number;
}

export class Spatial {
  private xy: Float32Array = new Float32Array();
  private codes: Uint8Array = new Uint8Array();
  private palette: Uint8Array = new Uint8Array(1024);
  private usual = 1;

  /** Keep the places, and return the index of them, which finds what is near a place. */
  place(xy: Float32Array): ArrayBuffer {
    this.xy = xy;
    this.usual = usualDensity(xy);
    const n = xy.length / 2;
    const index = new KDBush(Math.max(1, n), 64, Float32Array);
    if (n === 0) index.add(1e4, 1e4);
    for (let i = 0; i < n; i++) index.add(xy[2 * i] as number, xy[2 * i + 1] as number);
    return index.finish().data as ArrayBuffer;
  }

  paint(codes: Uint8Array, palette: Uint8Array): void {
    this.codes = codes;
    this.palette = palette;
  }

  see(ask: Ask): Seen {
    const { xy, codes, palette } = this;
    const [left, bottom, right, top] = ask.box;
    const n = Math.min(codes.length, xy.length / 2);
    const found = new Uint32Array(Math.min(ask.limit, n));
    const [l, b, r, t] = ask.view;
    let total = 0;
    let inView = 0;
    for (let i = 0; i < n; i++) {
      const x = xy[2 * i] as number;
      const y = xy[2 * i + 1] as number;
      if (x < left || x > right || y < bottom || y > top || palette[4 * (codes[i] as number) + 3] === 0) continue;
      if (total < found.length) found[total] = i;
      total++;
      if (x >= l && x <= r && y >= b && y <= t) inView++;
    }
    const order = found.slice(0, Math.min(total, found.length)).reverse();
    const shade = this.shade(ask);
    return { box: ask.box, order, total, inView, shade, filled: filled(shade) };
  }

  private shade({ box, columns, rows, radius }: Ask): Shade | null {
    if (columns === 0 || rows === 0) return null;
    const cell = ((box[2] - box[0]) / columns) * ((box[3] - box[1]) / rows);
    const { xy, codes, palette } = this;
    const n = Math.min(codes.length, xy.length / 2);
    const items = { xy, codes: codes.subarray(0, n), palette };
    return { box, columns, rows, pixels: shade({ box, columns, rows }, items, radius, this.usual * cell) };
  }

  /** Return the place amid most of each category's items. */
  anchors(full: Int32Array, nCategories: number): Anchor[] {
    const cells = 40;
    const counts = new Uint32Array(nCategories * cells * cells);
    const sizes = new Uint32Array(nCategories);
    const n = Math.min(full.length, this.xy.length / 2);
    const cellOf = (place: number): number => Math.min(cells - 1, Math.max(0, Math.floor((place + 1) * (cells / 2))));
    const at = (i: number): number =>
      ((full[i] as number) * cells + cellOf(this.xy[2 * i + 1] as number)) * cells + cellOf(this.xy[2 * i] as number);
    for (let i = 0; i < n; i++) {
      if ((full[i] as number) < 0) continue;
      counts[at(i)] = (counts[at(i)] as number) + 1;
      sizes[full[i] as number] = (sizes[full[i] as number] as number) + 1;
    }
    const anchors: Anchor[] = [];
    for (let code = 0; code < nCategories; code++) {
      const count = sizes[code] as number;
      if (count < FEWEST) continue;
      const [column, row] = fullest(counts.subarray(code * cells * cells, (code + 1) * cells * cells), cells);
      anchors.push({ code, x: ((column + 0.5) * 2) / cells - 1, y: ((row + 0.5) * 2) / cells - 1, count });
    }
    this.centre(anchors, full, 5 / cells);
    return anchors.sort((a, b) => b.count - a.count);
  }

  /** Move anchors to the middle of their items that are at most so far to the side and up. */
  private centre(anchors: readonly Anchor[], full: Int32Array, reach: number): void {
    const found = new Map(anchors.map((anchor) => [anchor.code, { anchor, n: 0, x: 0, y: 0 }]));
    const n = Math.min(full.length, this.xy.length / 2);
    for (let i = 0; i < n; i++) {
      const sums = found.get(full[i] as number);
      if (sums === undefined) continue;
      const [x, y] = [this.xy[2 * i] as number, this.xy[2 * i + 1] as number];
      if (Math.abs(x - sums.anchor.x) > reach || Math.abs(y - sums.anchor.y) > reach) continue;
      sums.n++;
      sums.x += x;
      sums.y += y;
    }
    for (const { anchor, n: count, x, y } of found.values()) {
      if (count > 0) [anchor.x, anchor.y] = [x / count, y / count];
    }
  }
}

function filled(shade: Shade | null): number {
  if (shade === null) return 1;
  let n = 0;
  for (let i = 3; i < shade.pixels.length; i += 4) if ((shade.pixels[i] as number) > 25) n++;
  return (4 * n) / shade.pixels.length;
}

/** Return the column and row around which most lies, counting the cells around it. */
function fullest(counts: Uint32Array, cells: number): [number, number] {
  let [best, column, row] = [-1, 0, 0];
  for (let r = 0; r < cells; r++) {
    for (let c = 0; c < cells; c++) {
      let sum = 0;
      for (let dr = -2; dr <= 2; dr++) {
        for (let dc = -2; dc <= 2; dc++) {
          const [nr, nc] = [r + dr, c + dc];
          if (nr >= 0 && nc >= 0 && nr < cells && nc < cells) sum += counts[nr * cells + nc] as number;
        }
      }
      if (sum > best) [best, column, row] = [sum, c, r];
    }
  }
  return [column, row];
}
