/** Duplicates and what is decided on them, as the service tells and takes them. */

import type { Answers } from "./answers";
import type { DuplicateGroup } from "./types";
import { askLong, serviceOf, type Working } from "./working";

export interface DuplicatesAnswer {
  run: string;
  groups: DuplicateGroup[];
  /** Of one name in other company: nothing but the name speaks for them. */
  namesakes: DuplicateGroup[];
}

export interface DuplicateOptions {
  minSimilarity: number;
  minCosine: number;
  versions: boolean;
}

/** `keys` are one thing, or not (`merge` false); `apart` are others of the group; null takes a decision back. */
export interface Decision {
  keep: string;
  keys: string[];
  apart: string[];
  merge: boolean | null;
}

export interface MergesAnswer {
  /** Where the decisions are written. */
  table: string;
  /** What makes the run again with them. */
  command: string;
  /** Why the run cannot be made again; null where it can. */
  cannot_merge: string | null;
  groups: Decision[];
}

export function askDuplicates(
  answers: Answers,
  run: number,
  options: DuplicateOptions,
  told: (working: Working) => void,
): Promise<DuplicatesAnswer> {
  const query = {
    min_similarity: options.minSimilarity,
    min_cosine: options.minCosine,
    versions: String(options.versions),
  };
  return askLong(serviceOf(answers), `runs/${run}/duplicates`, query, told);
}

export function askMerges(answers: Answers, run: number): Promise<MergesAnswer> {
  return serviceOf(answers).get(`runs/${run}/merges`);
}

export async function saveDecisions(answers: Answers, run: number, groups: Decision[]): Promise<void> {
  await serviceOf(answers).post(`runs/${run}/merges`, { groups });
}
