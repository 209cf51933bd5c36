/** Where numbers lie on an axis, and which of them are written beside it. */

export interface Scale {
  low: number;
  high: number;
  ticks: number[];
}

/** Return a scale that holds all numbers, from one round number to another; those that are not finite are left out. */
export function scaleOf(values: Iterable<number | null>, n = 5): Scale {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 1];
  if (low === high) {
    const pad = Math.abs(low) * 0.1 || 1;
    [low, high] = [low - pad, high + pad];
  }
  const step = roundStep((high - low) / n);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, place) =>
    Number(((first + place) * step).toPrecision(12)),
  );
  return { low: ticks[0] as number, high: ticks[ticks.length - 1] as number, ticks };
}

/** Return 1, 2 or 5 times a power of ten, not below the number. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10);
}

/** Return a line through points as the `d` of a path; it breaks where there is no number. */
export function linePath(x: readonly number[], y: readonly (number | null)[]): string {
  let path = "";
  let isDown = false;
  for (const [place, value] of y.entries()) {
    const at = x[place];
    if (value === null || at === undefined) {
      isDown = false;
      continue;
    }
    path += `${isDown ? "L" : "M"}${at.toFixed(1)} ${value.toFixed(1)}`;
    isDown = true;
  }
  return path;
}
