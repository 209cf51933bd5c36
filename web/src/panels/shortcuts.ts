/** The keys that panels know, for whoever lists them. */

import type { PanelName } from "../state/explorer.svelte";

export interface Shortcut {
  keys: string;
  does: string;
}

/** Which digit opens which panel; the same whether or not others are there. */
export const PANEL_KEYS: Record<PanelName, string> = {
  item: "1",
  basket: "2",
  arithmetic: "3",
  clusters: "4",
  duplicates: "5",
  compare: "6",
  training: "7",
};

export const PANEL_SHORTCUTS: Shortcut[] = [
  { keys: "1 – 7", does: "Open a panel: item, recommend, arithmetic, clusters, duplicates, compare, training" },
  { keys: "← →", does: "Go through the panels, on their tabs" },
  { keys: "↑ ↓", does: "Go through the items of a list; Tab reaches what can be done with one" },
  { keys: "Alt ← →", does: "Back and forward among the items that were looked at" },
  { keys: "Alt ↑ ↓", does: "Move an item of the basket" },
  { keys: "A R U", does: "Duplicates: merge a group, leave it alone, undo" },
  { keys: "J K", does: "Duplicates: the next group, the one before" },
];

/** Whether what is typed goes into a text. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])"))
  );
}
