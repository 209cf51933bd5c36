/** How large an item is drawn: its area goes with its count, within limits. */

import { SIZE_UNIT } from "./shaders";

const SMALLEST = 0.7;
const LARGEST = 4;
const SAMPLED = 4096;

/** Return each item's size, 1 for the middle one, as the bytes that shaders take. */
export function sizes(counts: Float32Array | null, n: number): Uint8Array {
  const bytes = new Uint8Array(n).fill(SIZE_UNIT);
  if (counts === null) return bytes;
  const usual = median(counts);
  for (let i = 0; i < n; i++) bytes[i] = Math.round(SIZE_UNIT * factor(counts[i] as number, usual));
  return bytes;
}

export function factor(count: number, usual: number): number {
  const size = Math.sqrt(Math.max(0, count) / usual);
  return Math.min(LARGEST, Math.max(SMALLEST, Number.isFinite(size) ? size : 1));
}

/** Return about the middle of the counts above 0: of some thousand of them, since a million take a second to sort. */
export function median(counts: Float32Array): number {
  const n = Math.min(SAMPLED, counts.length);
  const some = Float32Array.from({ length: n }, (_, i) => counts[Math.floor((i * counts.length) / n)] as number);
  const sorted = some.filter((count) => count > 0).sort();
  return sorted[sorted.length >> 1] ?? 1;
}

/** Return counts whose sizes differ, for the legend: the usual one, and those up to the largest size. */
export function examples(counts: Float32Array): { count: number; size: number }[] {
  const usual = median(counts);
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const wanted = [usual, usual * 5, usual * LARGEST ** 2].filter((count) => count <= most).map(rounded);
  return [...new Set(wanted)].map((count) => ({ count, size: factor(count, usual) }));
}

function rounded(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))));
  return Math.max(1, Math.round(count / unit) * unit);
}

/** Return the CSS pixels of the usual item's radius: smaller where there are many, growing slowly with the zoom. */
export function baseRadius(n: number, zoom: number, width: number, height: number): number {
  const whole = Math.sqrt((width * height) / Math.max(1, n)) * 0.2;
  const start = Math.min(6, Math.max(0.8, whole));
  return Math.min(6, start * zoom ** 0.42);
}
