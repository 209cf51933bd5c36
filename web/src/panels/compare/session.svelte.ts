/** The comparison of the two runs on the page, asked for once; the maps can then be coloured by it. */

import type { Column } from "../../answers/answers";
import { askChangeColumns, askComparison, type By, type CompareAnswer } from "../../answers/compare";
import type { Working } from "../../answers/working";
import type { Explorer, RunState } from "../../state/explorer.svelte";

/** What the maps can be coloured by, once the runs are compared. */
export const MOVED = "compare:moved";
const KEPT = "compare:kept";
const SHARED = "compare:shared";

const sessions = new WeakMap<Explorer, CompareSession>();

/** Return the comparison of the page's two runs. */
export function comparisonOf(explorer: Explorer): CompareSession {
  const known = sessions.get(explorer) ?? new CompareSession(explorer);
  sessions.set(explorer, known);
  return known;
}

/** Compare the runs at once where a link says that the maps are coloured by what came of it. */
export function restoreColours(explorer: Explorer): void {
  if (explorer.runs.length < 2 || !explorer.answers.can("compare")) return;
  if (explorer.colorBy?.startsWith("compare:")) void comparisonOf(explorer).load();
}

export class CompareSession {
  answer = $state.raw<CompareAnswer | null>(null);
  working = $state.raw<Working | null>(null);
  error = $state<string | null>(null);
  /** Whether the maps' colours are there. */
  isColoured = $state(false);
  by = $state<By>("moved");
  text = $state("");
  private asked: Promise<void> | null = null;

  constructor(private readonly explorer: Explorer) {}

  load(): Promise<void> {
    this.asked ??= this.follow();
    return this.asked;
  }

  again(): void {
    this.asked = null;
    void this.load();
  }

  private async follow(): Promise<void> {
    const { answers, runs } = this.explorer;
    this.error = null;
    try {
      this.answer = await askComparison(answers, (working) => {
        this.working = working;
      });
      const columns = await Promise.all(runs.map((run) => askChangeColumns(answers, run.index)));
      for (const [place, run] of runs.entries()) offer(run, columns[place] ?? new Map());
      this.isColoured = true;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
  }
}

function offer(run: RunState, columns: ReadonlyMap<string, Column>): void {
  const numbers = (name: string): Float32Array => {
    const column = columns.get(name);
    return column?.kind === "number" ? column.values : new Float32Array(run.about.n_items).fill(Number.NaN);
  };
  const other = numbers("other");
  run.addColumn(MOVED, { kind: "number", values: numbers("moved") }, "moved");
  const kept = numbers("kept").map((n) => (n < 0 ? Number.NaN : n));
  run.addColumn(KEPT, { kind: "number", values: kept }, "kept");
  const codes = Int32Array.from(other, (id) => (id < 0 ? 1 : 0));
  const alone = run.index === 0 ? "gone" : "new";
  run.addColumn(SHARED, { kind: "category", codes, names: ["in both runs", alone] }, "came or went");
}
