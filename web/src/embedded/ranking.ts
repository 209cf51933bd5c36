/** What is like items and what goes with them, from rounded vectors; the ways of the Python package. */

export interface Rounded {
  codes: Int8Array | Int16Array;
  /** Row i is its codes times `scales[i]`. */
  scales: Float32Array;
}

export interface Counts {
  starts: Int32Array;
  columns: Int32Array;
  values: Float32Array;
}

/** What recommending takes beside the vectors. */
export interface Predicting {
  /** Lengths of the vectors, whose rows are normalised. */
  lengths: Float32Array;
  /** What each item's prediction starts from; -Infinity: it is never one. */
  constants: Float32Array;
  /** null: the vectors are their own outputs. */
  outputs: Rounded | null;
  counts: Counts | null;
  blend: number;
  decay: number;
}

export interface Found {
  ids: number[];
  values: number[];
}

const LEAST = 1e-12; // so that what neither model nor counts have seen has a logarithm

export class Ranking {
  private readonly n: number;

  constructor(
    private readonly size: number,
    private readonly vectors: Rounded,
    private readonly predicting: Predicting | null,
  ) {
    this.n = vectors.scales.length;
  }

  /** Return the cosine of two items, and how often they occur together, null where that was not counted. */
  pair(a: number, b: number): { cosine: number; together: number | null } {
    const cosine = this.dot(this.vectors, b, this.row(a));
    const counts = this.predicting?.counts ?? null;
    if (counts === null) return { cosine, together: null };
    const row = counts.columns.subarray(counts.starts[a], counts.starts[a + 1]);
    const place = row.indexOf(b);
    return { cosine, together: place < 0 ? 0 : (counts.values[(counts.starts[a] ?? 0) + place] as number) };
  }

  /** Return the items nearest to a weighted sum of items, without these. */
  similar(ids: number[], weights: number[], k: number): Found {
    const sum = new Float64Array(this.size);
    for (const [place, id] of ids.entries()) addTo(sum, this.row(id), weights[place] ?? 1);
    const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
    const query = length > 0 ? sum.map((value) => value / length) : sum;
    const scores = this.scores(this.vectors, query);
    for (const id of ids) scores[id] = Number.NEGATIVE_INFINITY;
    return best(scores, k);
  }

  /** Return the items that go with these, without these. */
  recommend(ids: number[], k: number): Found {
    const { blend, decay } = this.wanted();
    const scores = blend === 0 && decay === 0 ? this.predicted(ids) : this.blended(ids);
    for (const id of ids) scores[id] = Number.NEGATIVE_INFINITY;
    return best(scores, k);
  }

  private wanted(): Predicting {
    if (this.predicting === null) throw new Error("this page does not carry what recommending takes.");
    return this.predicting;
  }

  private predicted(ids: number[]): Float64Array {
    const mean = new Float64Array(this.size);
    const { lengths } = this.wanted();
    for (const id of ids) addTo(mean, this.row(id), (lengths[id] as number) / ids.length);
    return this.logits(mean);
  }

  private logits(query: Float64Array): Float64Array {
    const { outputs, constants, lengths } = this.wanted();
    const scores = this.scores(outputs ?? this.vectors, query);
    for (let i = 0; i < this.n; i++) {
      const scale = outputs === null ? (lengths[i] as number) : 1;
      scores[i] = (scores[i] as number) * scale + (constants[i] as number);
    }
    return scores;
  }

  /** log((1 - blend) p_model + blend p_counts), weighted over the query's items, the last of which count most. */
  private blended(ids: number[]): Float64Array {
    const weights = ids.map((_, place) => (ids.length - place) ** -this.wanted().decay);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const scores = new Float64Array(this.n);
    for (const [place, id] of ids.entries()) addTo(scores, this.logProbabilities(id), (weights[place] ?? 0) / total);
    return scores;
  }

  private logProbabilities(id: number): Float64Array {
    const { lengths, constants, counts, blend } = this.wanted();
    const logits = this.logits(this.row(id).map((value) => value * (lengths[id] as number)));
    const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const found = logits.map((logit) => Math.exp(logit - most));
    const total = found.reduce((a, b) => a + b, 0);
    const [from, to] = counts === null ? [0, 0] : [counts.starts[id] ?? 0, counts.starts[id + 1] ?? 0];
    let counted = 0;
    for (let at = from; at < to; at++) counted += counts?.values[at] as number;
    const share = counted > 0 ? blend : 0; // of an item that was never seen beside another the model speaks alone
    for (let i = 0; i < this.n; i++) found[i] = ((1 - share) * (found[i] as number)) / total;
    for (let at = from; at < to && share > 0; at++) {
      const column = counts?.columns[at] as number;
      found[column] = (found[column] as number) + (share * (counts?.values[at] as number)) / counted;
    }
    return found.map((p, i) => (constants[i] === Number.NEGATIVE_INFINITY ? -Infinity : Math.log(Math.max(p, LEAST))));
  }

  private row(id: number): Float64Array {
    const { codes, scales } = this.vectors;
    const row = new Float64Array(this.size);
    for (let j = 0; j < this.size; j++) row[j] = (codes[id * this.size + j] as number) * (scales[id] as number);
    return row;
  }

  private scores(rows: Rounded, query: Float64Array): Float64Array {
    const scores = new Float64Array(this.n);
    for (let i = 0; i < this.n; i++) scores[i] = this.dot(rows, i, query);
    return scores;
  }

  private dot(rows: Rounded, id: number, query: Float64Array): number {
    const { codes } = rows;
    let sum = 0;
    for (let j = 0, at = id * this.size; j < this.size; j++, at++) sum += (codes[at] as number) * (query[j] as number);
    return sum * (rows.scales[id] as number);
  }
}

function addTo(sum: Float64Array, row: Float64Array, weight: number): void {
  for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] as number) + (row[j] as number) * weight;
}

/** Return the k places of the largest scores, the best first, equal ones by place; -Infinity is no answer. */
export function best(scores: Float64Array, k: number): Found {
  const ids: number[] = []; // ascending in rank: a short list, into which few of the scores ever get
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    const last = ids[ids.length - 1];
    if (score === Number.NEGATIVE_INFINITY || k === 0) continue;
    if (ids.length >= k && last !== undefined && score <= (scores[last] as number)) continue;
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((scores[ids[middle] as number] as number) >= score) low = middle + 1;
      else high = middle;
    }
    ids.splice(low, 0, i);
    if (ids.length > k) ids.pop();
  }
  return { ids, values: ids.map((id) => scores[id] as number) };
}
