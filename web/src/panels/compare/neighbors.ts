/** Neighbours before and after, and what became of each. */

import type { Change } from "../../answers/compare";

export type Fate = "kept" | "lost" | "new";

export interface Fated {
  key: string;
  fate: Fate;
}

export const SIGNS: Record<Fate, string> = { kept: "=", lost: "−", new: "+" };

/** The neighbours in the earlier run, kept or lost, and in the later one, kept or new, the nearest first. */
export function fates({ neighbors_a, neighbors_b }: Change): { before: Fated[]; after: Fated[] } {
  const [had, has] = [new Set(neighbors_a), new Set(neighbors_b)];
  return {
    before: neighbors_a.map((key) => ({ key, fate: has.has(key) ? "kept" : "lost" })),
    after: neighbors_b.map((key) => ({ key, fate: had.has(key) ? "kept" : "new" })),
  };
}

/** The neighbours of both runs, each once. */
export function either({ neighbors_a, neighbors_b }: Change): string[] {
  return [...new Set([...neighbors_b, ...neighbors_a])];
}
