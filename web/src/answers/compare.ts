/** Two runs beside each other, as the service tells it. */

import type { Answers, Column } from "./answers";
import { askLong, serviceOf, type Working } from "./working";

export interface Difference {
  name: string;
  a: unknown;
  b: unknown;
}

/** What became of an item that both runs have. */
export interface Change {
  key: string;
  count_a: number | null;
  count_b: number | null;
  /** 1 - cosine after one run's vectors were turned onto the other's. */
  moved: number;
  /** How many of its nearest it kept. */
  kept: number;
  neighbors_a: string[];
  neighbors_b: string[];
}

export interface CompareAnswer {
  a: string;
  b: string;
  /** How many neighbours were compared. */
  k: number;
  n_shared: number;
  is_identical: boolean;
  is_same_data: boolean | null;
  /** What is known of how far chance alone moves items; null: nothing. */
  chance: object | null;
  options: Difference[];
  metrics: Difference[];
  map: {
    a_has_map: boolean;
    b_has_map: boolean;
    is_grown: boolean;
    is_placed: boolean;
    likeness: number | null;
    n_fixed: number;
  };
  /** Keys that only the earlier run has, the first of `n_departed`. */
  departed: string[];
  arrived: string[];
  n_departed: number;
  n_arrived: number;
}

export type By = "moved" | "kept";

export function askComparison(answers: Answers, told: (working: Working) => void): Promise<CompareAnswer> {
  return askLong(serviceOf(answers), "compare", { top: 0 }, told);
}

export function askChanges(
  answers: Answers,
  asked: { q: string; by: By; top: number },
): Promise<{ total: number; items: Change[] }> {
  return askLong(serviceOf(answers), "compare/changes", { ...asked }, () => undefined);
}

/** What became of one item; it must be in both runs. */
export async function askChange(answers: Answers, key: string): Promise<Change | null> {
  const found = await askLong<{ items: Change[] }>(serviceOf(answers), "compare/changes", { key }, () => undefined);
  return found.items[0] ?? null;
}

/** By the ids of one run: how far items moved, how many neighbours they kept, and their ids in the other run, or -1. */
export function askChangeColumns(answers: Answers, run: number): Promise<Map<string, Column>> {
  return serviceOf(answers).table("compare/items", { run, wait: 60 });
}
