/** Values of items as ways to look at the map: coloured by their attribute, one of them alone. */

import { colouring, OTHER } from "../map/colouring";
import type { Explorer, RunState } from "../state/explorer.svelte";
import type { PanelMemory } from "./memory.svelte";
import { keyName } from "./words";

/** A value of an attribute, or the number of a cluster. */
export interface Choice {
  attribute: string;
  value: string | number;
}

/** Whether the map was last asked to show only this value's items, and still does. */
export function isAlone(explorer: Explorer, { alone }: PanelMemory, { attribute, value }: Choice): boolean {
  return (
    alone !== null &&
    alone.attribute === attribute &&
    alone.value === value &&
    explorer.colorBy === attribute &&
    explorer.hidden === alone.hidden
  );
}

/** Colour the map by an attribute and show only one value's items; or show all again, if it does so already. */
export async function toggleAlone(
  explorer: Explorer,
  run: RunState,
  panels: PanelMemory,
  choice: Choice,
): Promise<void> {
  if (isAlone(explorer, panels, choice)) {
    explorer.hidden = new Set();
    return;
  }
  const { attribute, value } = choice;
  try {
    const by = colouring(attribute, await run.column(attribute), run.about.clusters);
    if (by.kind !== "category") return;
    const name = typeof value === "number" ? by.names[value] : value;
    const legend = by.entries.map((entry) => entry.name);
    const shown = legend.find((entry) => entry === name) ?? (by.names.includes(name ?? "") ? OTHER : undefined);
    const hidden = new Set(shown === undefined ? [] : legend.filter((entry) => entry !== shown));
    explorer.colorBy = attribute;
    explorer.range = null;
    explorer.hidden = hidden;
    if (shown === name) panels.alone = { ...choice, hidden };
    else explorer.say(whyNot(attribute, keyName(String(name)), shown));
  } catch (error) {
    explorer.say(error);
  }
}

function whyNot(attribute: string, name: string, shown: string | undefined): string {
  if (shown === OTHER) return `${name} has no colour of its own: the map shows it among “${OTHER}”.`;
  return `The map knows the first ${attribute} of each item only, and ${name} is none's first.`;
}
