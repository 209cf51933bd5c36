/** What panels remember while another is open. */

import { createContext } from "svelte";
import type { Choice } from "./filter";

/** The items that were looked at, in the order of looking, and where among them one is. */
export class Walk {
  private visited = $state.raw<string[]>([]);
  private at = $state(-1);

  get back(): string | undefined {
    return this.visited[this.at - 1];
  }

  get forward(): string | undefined {
    return this.visited[this.at + 1];
  }

  /** Take note of an item; what lay ahead is forgotten, unless it is where a step led. */
  visit(key: string): void {
    if (this.visited[this.at] === key) return;
    this.visited = [...this.visited.slice(Math.max(0, this.at - LONGEST), this.at + 1), key];
    this.at = this.visited.length - 1;
  }

  /** Return the key one step back (-1) or ahead (1), and be there; nothing where there is none. */
  step(by: 1 | -1): string | undefined {
    const key = this.visited[this.at + by];
    if (key !== undefined) this.at += by;
    return key;
  }
}

const LONGEST = 100;

export class PanelMemory {
  /** Which of two runs the panels ask. */
  runIndex = $state(0);
  /** How many answers are shown. */
  k = $state(10);
  /** The number of the cluster that is open. */
  cluster = $state<number | null>(null);
  /** What the map was last asked to show alone, and what that hid. */
  alone = $state.raw<(Choice & { hidden: ReadonlySet<string> }) | null>(null);
  /** Whether an item is being dragged. */
  isDragging = $state(false);
  readonly walk = new Walk();
}

export const [memory, provideMemory] = createContext<PanelMemory>();
