/** Who answers the page's questions: the service, or a page that carries its data with it. */

import type { About, Item, Match, NeighborsAnswer, RecommendAnswer, WhyAnswer } from "./types";

/** A column of a run, one value per item in the order of ids. */
export type Column =
  | { kind: "number"; values: Float32Array }
  /** `codes[i]` is the place of item i's value in `names`, -1 where it has none. */
  | { kind: "category"; codes: Int32Array; names: string[] };

export interface Answers {
  /** Whether a question can be answered here; a page from disk has no service to ask. */
  can(question: Question): boolean;
  about(): Promise<About>;
  /** Columns by name: `x`, `y`, `count`, `cluster`, `distortion`, `confidence`, or an attribute. */
  columns(run: number, names: string[]): Promise<Map<string, Column>>;
  /** Keys of items by id, for labels; asked in bunches, kept by the caller. */
  keys(run: number, ids: number[]): Promise<string[]>;
  /** Items with all their attributes. Unknown keys are left out. */
  items(run: number, keys: string[]): Promise<Item[]>;
  search(run: number, text: string, k: number): Promise<Match[]>;
  neighbors(run: number, key: string, k: number): Promise<NeighborsAnswer>;
  why(run: number, a: string, b: string): Promise<WhyAnswer>;
  recommend(run: number, keys: string[], k: number): Promise<RecommendAnswer>;
  arithmetic(run: number, plus: string[], minus: string[], k: number): Promise<NeighborsAnswer>;
  /** Ids of a cluster's items, the nearest to its middle first. */
  members(run: number, cluster: number, offset: number, k: number): Promise<{ total: number; items: Item[] }>;
}

export type Question =
  | "neighbors"
  | "why"
  | "recommend"
  | "arithmetic"
  | "members"
  | "duplicates"
  | "merges"
  | "compare"
  | "training";

/** An answer that is an explanation of why there is none. */
export class AnswerError extends Error {}
