/** What the page shows: every part of it reads this state and changes it through these methods. */

import type { Answers, Column } from "../answers/answers";
import type { About, RunAbout, UnreadyRun } from "../answers/types";
import type { Shot } from "../map/screenshot";

export type PanelName = "item" | "basket" | "arithmetic" | "clusters" | "duplicates" | "compare" | "training";

export interface Term {
  sign: 1 | -1;
  key: string;
}

/** Where a map looks: the middle in the map's own units, and how many times it is enlarged against the whole. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

/** One run on the page: what is known of it, and its columns as far as they were asked for. */
export class RunState {
  about = $state.raw<RunAbout>() as RunAbout;
  view = $state<View | null>(null);
  /** Ids of the items within the lasso, ascending; empty: none is drawn. */
  selection = $state.raw<Int32Array>(new Int32Array());
  /** Columns that the page computed: by what name they are asked for, and what a person calls them. */
  added = $state.raw<readonly { name: string; title: string }[]>([]);
  /** Where items lie, in the map's own units; null: not loaded yet. */
  positions = $state.raw<{ x: Float32Array; y: Float32Array } | null>(null);
  /** Makes the map's picture; null: there is no map on the page. */
  shoot: (() => Shot) | null = null;
  private readonly loading = new Map<string, Promise<Column>>();
  private readonly known = new Map<number, string>();
  private readonly places = new Map<string, number | null>();

  constructor(
    about: RunAbout,
    readonly answers: Answers,
  ) {
    this.about = about;
  }

  get index(): number {
    return this.about.index;
  }

  /** Return a column, asked for once. */
  column(name: string): Promise<Column> {
    const found = this.loading.get(name);
    if (found !== undefined) return found;
    const asked = this.answers.columns(this.index, [name]).then((columns) => {
      const column = columns.get(name);
      if (column === undefined) throw new Error(`the answer lacks the column ${name}.`);
      return column;
    });
    this.loading.set(name, asked);
    asked.catch(() => this.loading.delete(name));
    return asked;
  }

  /** Offer a column that the page computed, such as how far each item moved; one of the same name gives way. */
  addColumn(name: string, column: Column, title: string = name): void {
    this.loading.set(name, Promise.resolve(column));
    this.added = [...this.added.filter((other) => other.name !== name), { name, title }];
  }

  /** Return the keys of some items, those that are not known yet asked for at once. */
  async keys(ids: readonly number[]): Promise<string[]> {
    const missing = ids.filter((id) => !this.known.has(id));
    if (missing.length > 0) {
      const keys = await this.answers.keys(this.index, missing);
      for (const [place, id] of missing.entries()) this.learnKey(id, keys[place] ?? "");
    }
    return ids.map((id) => this.known.get(id) ?? "");
  }

  /** Return an item's key if it is known already. */
  knownKey(id: number): string | undefined {
    return this.known.get(id);
  }

  learnKey(id: number, key: string): void {
    this.known.set(id, key);
    this.places.set(key, id);
  }

  /** Return the ids of some keys, null for a key that this run lacks. */
  async ids(keys: readonly string[]): Promise<(number | null)[]> {
    const missing = [...new Set(keys.filter((key) => !this.places.has(key)))];
    if (missing.length > 0) {
      const items = await this.answers.items(this.index, missing);
      for (const key of missing) this.places.set(key, null);
      for (const { id, key } of items) this.learnKey(id, key);
    }
    return keys.map((key) => this.places.get(key) ?? null);
  }

  /** Move items to other places, as while a map is being made; the map shows them on their way. */
  setPositions(x: Float32Array, y: Float32Array): void {
    this.positions = { x, y };
  }
}

export class Explorer {
  about = $state.raw<About | null>(null);
  runs = $state.raw<RunState[]>([]);
  unready = $state.raw<UnreadyRun[]>([]);
  /** The key of the item whose card is open; the same in both runs. */
  selected = $state<string | null>(null);
  /** The key that a link selected together with what is seen of the maps: they need not travel to it. */
  arrived: string | null = null;
  /** The key of the item that is pointed at, on a map or in a list. */
  hovered = $state<string | null>(null);
  /** Keys that lines lead to from the selected item: its nearest, as the card lists them. */
  linked = $state.raw<string[]>([]);
  basket = $state<string[]>([]);
  terms = $state<Term[]>([]);
  panel = $state<PanelName>("item");
  /** What maps are coloured by: an attribute, `cluster`, `distortion`, `confidence`, `count`; null: the run's own choice. */
  colorBy = $state<string | null>(null);
  /** Names of categories that the legend hides. */
  hidden = $state.raw<ReadonlySet<string>>(new Set());
  /** Numbers outside this range are hidden, where the colour is a number. */
  range = $state.raw<readonly [number, number] | null>(null);
  /** Whether items fade that the map places well, so that those stand out whose neighbours it tore away. */
  showsDistortion = $state(false);
  /** What is said to a person once: an error, or that a link was copied. */
  message = $state<string | null>(null);

  constructor(readonly answers: Answers) {}

  async load(): Promise<void> {
    const about = await this.answers.about();
    this.about = about;
    this.runs = about.runs.filter((run) => run.is_ready).map((run) => new RunState(run, this.answers));
    this.unready = about.runs.filter((run) => !run.is_ready);
  }

  /** Open an item's card, or its comparison where two runs are being compared. */
  select(key: string | null): void {
    this.selected = key;
    this.linked = [];
    if (key !== null && this.panel !== "compare") this.panel = "item";
  }

  /** Show an item and some others on the maps, and leave the panel that is open. */
  show(key: string | null, linked: readonly string[] = []): void {
    this.selected = key;
    this.linked = [...linked];
  }

  /** Put an item into the basket; `isOpened`: and show it. */
  addToBasket(key: string, isOpened = true): void {
    if (!this.basket.includes(key)) this.basket.push(key);
    if (isOpened) this.panel = "basket";
  }

  addTerm(key: string, sign: 1 | -1 = 1, isOpened = true): void {
    this.terms.push({ sign, key });
    if (isOpened) this.panel = "arithmetic";
  }

  say(error: unknown): void {
    this.message = error instanceof Error ? error.message : String(error);
  }
}
