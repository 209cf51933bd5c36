/** What the service says, as JSON. Item keys are data: they are shown as text and never as HTML. */

export interface AttributeAbout {
  name: string;
  kind: "number" | "category";
  /** Whether it tells a person something; references such as numbers of baskets do not. */
  is_telling: boolean;
}

export interface Cluster {
  cluster: number;
  name: string;
  size: number;
  similarity: number;
  examples: string[];
  values: { attribute: string; value: string; lift: number; share: number }[];
  silhouette: number | null;
}

export interface RunAbout {
  index: number;
  name: string;
  status: "complete" | "running" | "interrupted" | "failed" | "stopped";
  is_ready: true;
  /** Changes when the run was made anew. */
  generation: string;
  n_items: number;
  vector_size: number;
  objective: string | null;
  attributes: AttributeAbout[];
  has: {
    map: boolean;
    distortion: boolean;
    clusters: boolean;
    counts: boolean;
    confidence: boolean;
    recommend: boolean;
    history: boolean;
  };
  clusters: Cluster[];
  metrics: Record<string, unknown>;
}

export interface UnreadyRun {
  index: number;
  name: string;
  status: string;
  is_ready: false;
  detail: string;
}

export interface About {
  version: string;
  limits: { k: number };
  runs: (RunAbout | UnreadyRun)[];
}

export type Value = string | number | boolean | null | string[] | number[];

/** An item with its attributes, beside its own `id`, `key` and `count`. */
export interface Item {
  id: number;
  key: string;
  count: number | null;
  [attribute: string]: Value;
}

export interface Neighbor extends Item {
  cosine: number;
}

/** An item as it answers a question; `recurs` is null where the rate is not known. */
export type NeighborItem = Neighbor & { recurs?: number | null };

export interface NeighborsAnswer {
  ranking: "cosine";
  neighbors: NeighborItem[];
  confidence?: { members: number; by: string; k: number; item: number | null; is_unstable: boolean };
}

export interface RecommendAnswer {
  ranking: "prediction";
  /** How much less an item counts the farther back it stands; 0: all alike. */
  decay?: number;
  answered: { by: "items" | "group" | "popularity"; groups: string[]; unknown: string[] };
  recommendations: (Item & { prediction: number })[];
}

/** Why two items are near. */
export interface WhyAnswer {
  a: string;
  b: string;
  cosine: number;
  /** Values that both have, by attribute. */
  shared: Record<string, string[]>;
  /** The numbers of a and b, by attribute. */
  numbers: Record<string, [number | null, number | null]>;
  /** How often they occur together, an occurrence counting 1 / distance; null where that was not counted. */
  together: number | null;
  /** Items that go with both, as the model predicts; empty where it cannot. */
  company: { key: string; prediction: number }[];
}

export interface Match {
  id: number;
  key: string;
  count: number | null;
  how: "exact" | "prefix" | "word" | "inside" | "typo";
}

export interface DuplicateGroup {
  keep: string;
  items: { key: string; count: number | null }[];
  pairs: {
    a: string;
    b: string;
    cosine: number;
    similarity: number;
    rank_a: number;
    rank_b: number;
    differs: string[];
    /** Sequences that hold both, and how many would if neither minded the other; null where none were looked at. */
    together: number | null;
    expected: number | null;
  }[];
}
