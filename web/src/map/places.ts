/** Where items lie: the map's own units, and those that are drawn, in which the whole map is within -1 to 1. */

export interface Places {
  n: number;
  /** x and y of each item in turn, around the middle; (n * 2). Items without a place lie far outside. */
  xy: Float32Array;
  /** The map's own units: `own = middle + half * drawn`. */
  middle: readonly [number, number];
  half: number;
  /** How far the map reaches to the side and up, at most 1. */
  reach: readonly [number, number];
}

export const NOWHERE = 1e4;

/** Return the places of items by their columns, so moved and scaled that float32 is exact enough at any zoom. */
export function normalise(x: Float32Array, y: Float32Array): Places {
  const n = Math.min(x.length, y.length);
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    const [px, py] = [x[i] as number, y[i] as number];
    if (!(Number.isFinite(px) && Number.isFinite(py))) continue;
    if (px < left) left = px;
    if (px > right) right = px;
    if (py < bottom) bottom = py;
    if (py > top) top = py;
  }
  const isEmpty = left > right;
  const middle = isEmpty ? ([0, 0] as const) : ([(left + right) / 2, (bottom + top) / 2] as const);
  const half = isEmpty ? 1 : Math.max(right - left, top - bottom) / 2 || 1;
  const xy = new Float32Array(n * 2);
  for (let i = 0; i < n; i++) {
    const [px, py] = [(x[i] as number) - middle[0], (y[i] as number) - middle[1]];
    const isPlaced = Number.isFinite(px) && Number.isFinite(py);
    xy[2 * i] = isPlaced ? px / half : NOWHERE;
    xy[2 * i + 1] = isPlaced ? py / half : NOWHERE;
  }
  const reach = isEmpty ? ([1, 1] as const) : ([(right - left) / 2 / half, (top - bottom) / 2 / half] as const);
  return { n, xy, middle, half, reach };
}
