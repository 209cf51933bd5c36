/** What a text finds in the runs on the page: in the first, and in the second what the first lacks. */

import type { Match } from "../answers/types";
import type { Explorer, RunState } from "../state/explorer.svelte";

/** A match with the run that it is of. */
export interface Found extends Match {
  run: RunState;
}

const HOW: Match["how"][] = ["exact", "prefix", "word", "inside", "typo"];

/** Return what a text finds, the best first; of equally good ones those of the first run. */
export async function find(explorer: Explorer, text: string, k: number): Promise<Found[]> {
  const [first, second] = await Promise.all(explorer.runs.map((run) => inRun(explorer, run, text, k)));
  if (first === undefined) return [];
  const others = second === undefined ? [] : await lackedBy(explorer.runs[0] as RunState, second);
  return [...first, ...others].sort((a, b) => HOW.indexOf(a.how) - HOW.indexOf(b.how)).slice(0, k);
}

async function inRun(explorer: Explorer, run: RunState, text: string, k: number): Promise<Found[]> {
  const matches = await explorer.answers.search(run.index, text, k);
  for (const { id, key } of matches) run.learnKey(id, key);
  return matches.map((match) => ({ ...match, run }));
}

async function lackedBy(run: RunState, matches: Found[]): Promise<Found[]> {
  const ids = await run.ids(matches.map((match) => match.key));
  return matches.filter((_, place) => ids[place] === null);
}
