/** What a map's items look like: colours, what is hidden, what fades. */

import type { RunState } from "../state/explorer.svelte";
import { type Colouring, chosen, colouring, flat, MISSING, offered, palette, shownCodes } from "./colouring";
import type { Theme } from "./colours";
import type { Paint } from "./field";
import { sizes } from "./sizes";
import { oneLine, told } from "./text";

const FAINT = 28; // of 255, beside what is selected or badly placed

/** Columns that change how items look, as far as they are loaded. */
export interface Columns {
  counts: Float32Array | null;
  distortion: Float32Array | null;
}

export interface Choices {
  hidden: ReadonlySet<string>;
  range: readonly [number, number] | null;
  selection: Int32Array;
  theme: Theme;
}

/** Return the colouring by what is wanted, or by the run's own choice; categories in the colours of the `first` run. */
export async function colour(run: RunState, wanted: string | null, n: number, first = run): Promise<Colouring> {
  const by = chosen(run, wanted);
  if (by === null) return flat(n);
  const column = await run.column(by);
  const isShared = first !== run && by !== "cluster" && offered(first).some((offer) => offer.by === by);
  const names = isShared && column.kind === "category" ? await topNames(first, by) : [];
  return colouring(by, column, run.about.clusters, names);
}

async function topNames(run: RunState, by: string): Promise<string[]> {
  const made = colouring(by, await run.column(by), []);
  return made.kind === "category" ? made.entries.map(({ name }) => name) : [];
}

export function numbersOf(column: { kind: string; values?: Float32Array } | null): Float32Array | null {
  return column?.values ?? null;
}

export function paint(by: Colouring, columns: Columns, choices: Choices): Paint {
  const n = by.codes.length;
  return {
    codes: shownCodes(by, choices.hidden, choices.range),
    palette: palette(by, choices.theme),
    sizes: sizes(columns.counts, n),
    alphas: alphas(n, columns.distortion, choices.selection),
  };
}

/** Return how opaque items are: faint outside a selection, and where the map tore nothing away. */
function alphas(n: number, distortion: Float32Array | null, selection: Int32Array): Uint8Array {
  const bytes = new Uint8Array(n).fill(255);
  if (distortion !== null) {
    for (let i = 0; i < n; i++) {
      const torn = distortion[i] as number;
      bytes[i] = FAINT / 2 + (255 - FAINT / 2) * Math.min(1, Math.max(0, torn)) ** 3;
    }
  }
  if (selection.length === 0) return bytes;
  const faded = bytes.map((alpha) => Math.min(alpha, FAINT));
  for (const id of selection) faded[id] = bytes[id] as number;
  return faded;
}

/** Return what is said of an item beside its key: its count, and what it is coloured by. */
export function factsOf(id: number, by: Colouring | null, counts: Float32Array | null): string[] {
  const facts: string[] = [];
  const count = counts?.[id];
  if (count !== undefined) facts.push(`${told(count)} times`);
  if (by?.kind === "category") facts.push(`${by.by}: ${oneLine(by.names[by.full[id] ?? -1] ?? MISSING, 60)}`);
  if (by?.kind === "number" && by.by !== "count") facts.push(`${by.by}: ${told(by.values[id] ?? Number.NaN)}`);
  return facts;
}
