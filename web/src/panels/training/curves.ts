/** The curves of a history: a name, a number an interval, and how each is drawn. */

import type { Interval } from "../../answers/training";

export interface Curve {
  /** What tells it from others. */
  name: string;
  values: (number | null)[];
  /** A place in the palette of categories. */
  color: number;
  isDashed: boolean;
  isThin: boolean;
}

/** Curves that are shown and hidden together. */
export interface Bundle {
  title: string;
  color: number;
  curves: Curve[];
}

const N_COLORS = 10;

/** Return the losses, on the trained and on the held-out pairs: of all, then of each context. */
export function losses(history: readonly Interval[]): Bundle[] {
  const of = (name: string, values: (number | null)[], color: number, isDashed: boolean, isThin: boolean): Curve[] =>
    values.some((value) => value !== null) ? [{ name, values, color, isDashed, isThin }] : [];
  const all: Bundle = {
    title: "all pairs",
    color: 0,
    curves: [
      ...of(
        "training",
        history.map((row) => row.loss),
        0,
        false,
        false,
      ),
      ...of(
        "held-out",
        history.map((row) => row.heldout_loss),
        1,
        true,
        false,
      ),
    ],
  };
  const names = Object.keys(history[0]?.contexts ?? {});
  const contexts = names.map((name, place): Bundle => {
    const color = 2 + (place % (N_COLORS - 2));
    const values = history.map((row) => row.contexts[name]?.loss ?? null);
    const heldout = history.map((row) => row.contexts[name]?.heldout_loss ?? null);
    return {
      title: name,
      color,
      curves: [
        ...of(`${name}, training`, values, color, false, true),
        ...of(`${name}, held-out`, heldout, color, true, true),
      ],
    };
  });
  return [all, ...contexts];
}

export function single(name: string, values: (number | null)[], color = 0): Bundle {
  return { title: name, color, curves: [{ name, values, color, isDashed: false, isThin: false }] };
}
