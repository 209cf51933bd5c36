/** Values of items as ways to look at the map: coloured by their attribute, one of them alone. */

import type { Explorer, RunState } from "../state/explorer.svelte";
import { keyName } from "./words";

/** Whether the map shows a value's items and hides others'. */
export function isAlone(explorer: Explorer, attribute: string, value: string): boolean {
  return explorer.colorBy === attribute && explorer.hidden.size > 0 && !explorer.hidden.has(value);
}

/** Colour the map by an attribute and show only one value's items. */
export async function showOnly(explorer: Explorer, run: RunState, attribute: string, value: string): Promise<void> {
  try {
    const names = await namesOf(run, attribute);
    explorer.colorBy = attribute;
    explorer.range = null;
    explorer.hidden = new Set(names.includes(value) ? names.filter((name) => name !== value) : []);
    if (!names.includes(value))
      explorer.say(`The map is coloured by the first ${attribute} of each item, which ${keyName(value)} never is.`);
  } catch (error) {
    explorer.say(error);
  }
}

/** Show everything again, in the colours that are there. */
export function showAll(explorer: Explorer): void {
  explorer.hidden = new Set();
  explorer.range = null;
}

async function namesOf(run: RunState, attribute: string): Promise<string[]> {
  if (attribute === "cluster") return run.about.clusters.map((cluster) => cluster.name);
  const column = await run.column(attribute);
  return column.kind === "category" ? column.names : [];
}
