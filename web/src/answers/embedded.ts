/** Answers from the data that a page carries: no service is asked, and nothing leaves the page. */

import { type Table, tableFromIPC } from "@uwdata/flechette";
import { decoded, type Numbers, Pack, type SectionAbout, type Source } from "../embedded/pack";
import type { Counts, Found, Predicting, Rounded } from "../embedded/ranking";
import { Thinker } from "../embedded/thinker";
import { AnswerError, type Answers, type Column, type Question } from "./answers";
import { readColumns } from "./arrow";
import type {
  About,
  Item,
  Match,
  NeighborItem,
  NeighborsAnswer,
  RecommendAnswer,
  RunAbout,
  Value,
  WhyAnswer,
} from "./types";

/** What a page says of the data that it carries. */
export interface Manifest {
  about: About;
  sections: Record<string, SectionAbout>;
  neighbors: { k: number; recall: number | null; cosine_error: number };
  /** null: none came along. */
  vectors: VectorsAbout | null;
}

export interface VectorsAbout {
  bits: number;
  size: number;
  /** The share of the ten nearest to sums that are those of the full vectors. */
  sums: number | null;
  recommend?: { blend: number; decay: number; agreement: number | null };
}

const UNSTABLE = 0.5; // fewer than half of the neighbours are expected to recur
const COMPANY = 5;

export class Embedded implements Answers {
  private readonly pack: Pack;
  private readonly thinker = new Thinker();
  private readonly run: RunAbout;
  private ids: Promise<Map<string, number>> | null = null;
  private searching: Promise<unknown> | null = null;
  private ranking: Promise<unknown> | null = null;
  private attributes: Promise<Table | null> | null = null;

  constructor(
    readonly manifest: Manifest,
    source: Source,
  ) {
    this.pack = new Pack(manifest.sections, source);
    this.run = manifest.about.runs.find((run): run is RunAbout => run.is_ready) as RunAbout;
  }

  static async open(source: Source): Promise<Embedded> {
    const text = new TextDecoder().decode(await decoded(await source(0)));
    return new Embedded(JSON.parse(text) as Manifest, source);
  }

  can(question: Question): boolean {
    const { vectors } = this.manifest;
    if (question === "neighbors") return true;
    if (question === "members") return this.pack.has("members");
    if (question === "arithmetic" || question === "why") return vectors !== null;
    return question === "recommend" && vectors?.recommend !== undefined;
  }

  async about(): Promise<About> {
    return this.manifest.about;
  }

  async columns(_run: number, names: string[]): Promise<Map<string, Column>> {
    const streams = await Promise.all(names.map((name) => this.pack.bytes(`column/${name}`)));
    return new Map(streams.flatMap((stream) => [...readColumns(stream)]));
  }

  async keys(_run: number, ids: number[]): Promise<string[]> {
    const keys = await this.allKeys();
    return ids.map((id) => keys[id] ?? "");
  }

  async items(_run: number, keys: string[]): Promise<Item[]> {
    const known = await this.allIds();
    const ids = keys.map((key) => known.get(key)).filter((id) => id !== undefined);
    return Promise.all(ids.map((id) => this.item(id)));
  }

  async search(_run: number, text: string, k: number): Promise<Match[]> {
    this.searching ??= this.allKeys().then((keys) => this.thinker.ask({ name: "keys", keys }));
    await this.searching;
    const found = await this.thinker.search(text, k);
    const [keys, counts] = await Promise.all([this.allKeys(), this.counts()]);
    return found.map(({ id, how }) => ({ id, how, key: keys[id] ?? "", count: counts?.[id] ?? null }));
  }

  async neighbors(_run: number, key: string, k: number): Promise<NeighborsAnswer> {
    const id = await this.idOf(key);
    const found = await this.near(id, k);
    const neighbors = (await this.described(found)).map(({ item, value }) => ({ ...item, cosine: value }));
    if (!this.pack.has("neighbors/rates")) return { ranking: "cosine", neighbors };
    return this.withConfidence(id, neighbors);
  }

  async why(_run: number, a: string, b: string): Promise<WhyAnswer> {
    const ids = await Promise.all([this.idOf(a), this.idOf(b)]);
    const [one, other] = await Promise.all([this.item(ids[0]), this.item(ids[1])]);
    await this.needVectors("why two items are near");
    const shared: [string, string[]][] = [];
    const numbers: [string, (number | null)[]][] = [];
    for (const { name, kind } of this.run.attributes) {
      const pair = [one[name] ?? null, other[name] ?? null] as const;
      const both = [...new Set(asTexts(pair[0]))].filter((value) => asTexts(pair[1]).includes(value));
      if (kind === "category" && both.length > 0) shared.push([name, both]);
      if (kind === "number" && (pair[0] !== null || pair[1] !== null)) numbers.push([name, pair.map(asNumber)]);
    }
    const company = this.can("recommend") ? await this.described(await this.thinker.recommend(ids, COMPANY)) : [];
    return {
      a,
      b,
      ...(await this.thinker.pair(ids[0], ids[1])),
      shared: Object.fromEntries(shared),
      numbers: Object.fromEntries(numbers) as WhyAnswer["numbers"],
      company: company.map(({ item, value }) => ({ key: item.key, prediction: value })),
    };
  }

  async recommend(_run: number, keys: string[], k: number): Promise<RecommendAnswer> {
    const known = await this.allIds();
    const ids = keys.map((key) => known.get(key)).filter((id) => id !== undefined);
    if (ids.length === 0) throw new AnswerError("Recommending needs at least one item of this run.");
    if (!this.can("recommend")) throw this.cannot("recommend");
    await this.needVectors("recommend");
    const found = await this.described(await this.thinker.recommend(ids, k));
    const unknown = [...new Set(keys.filter((key) => !known.has(key)))];
    return {
      ranking: "prediction",
      answered: { by: "items", groups: [], unknown },
      recommendations: found.map(({ item, value }) => ({ ...item, prediction: value })),
    };
  }

  async arithmetic(_run: number, plus: string[], minus: string[], k: number): Promise<NeighborsAnswer> {
    const ids = await Promise.all([...plus, ...minus].map((key) => this.idOf(key)));
    await this.needVectors("add and subtract");
    const weights = [...plus.map(() => 1), ...minus.map(() => -1)];
    const found = await this.described(await this.thinker.similar(ids, weights, k));
    return { ranking: "cosine", neighbors: found.map(({ item, value }) => ({ ...item, cosine: value })) };
  }

  async members(_run: number, cluster: number, offset: number, k: number): Promise<{ total: number; items: Item[] }> {
    const [order, columns] = await Promise.all([this.pack.numbers("members"), this.columns(0, ["cluster"])]);
    const labels = columns.get("cluster");
    const ids = Array.from(order).filter((id) => labels?.kind === "number" && labels.values[id] === cluster);
    const asked = ids.slice(offset, offset + k);
    return { total: ids.length, items: await Promise.all(asked.map((id) => this.item(id))) };
  }

  /** The nearest as they were computed when the page was made; beyond these, from the vectors. */
  private async near(id: number, k: number): Promise<Found> {
    const [ids, codes] = await Promise.all([
      this.pack.numbers("neighbors/ids"),
      this.pack.numbers("neighbors/cosines"),
    ]);
    const row = [id * this.manifest.neighbors.k, (id + 1) * this.manifest.neighbors.k] as const;
    const exact = { ids: Array.from(ids.subarray(...row)), values: Array.from(codes.subarray(...row), asCosine) };
    if (k <= exact.ids.length || exact.ids.length + 1 >= this.run.n_items || this.manifest.vectors === null) {
      return { ids: exact.ids.slice(0, k), values: exact.values.slice(0, k) };
    }
    await this.needVectors("more neighbours");
    const more = await this.thinker.similar([id], [1], k);
    const places = [...more.ids.keys()].filter((place) => !exact.ids.includes(more.ids[place] as number));
    const rest = places.slice(0, k - exact.ids.length);
    return {
      ids: exact.ids.concat(rest.map((place) => more.ids[place] as number)),
      values: exact.values.concat(rest.map((place) => more.values[place] as number)),
    };
  }

  private async withConfidence(id: number, neighbors: NeighborItem[]): Promise<NeighborsAnswer> {
    const rates = await this.pack.numbers("neighbors/rates");
    const columns = await this.columns(0, ["confidence"]);
    const measured = this.run.metrics.confidence as { members: number; by: string; k: number };
    const first = id * this.manifest.neighbors.k;
    for (const [place, neighbor] of neighbors.entries()) {
      const rate = place < this.manifest.neighbors.k ? rates[first + place] : undefined;
      neighbor.recurs = rate === undefined || Number.isNaN(rate) ? null : rate;
    }
    const column = columns.get("confidence");
    const item = column?.kind === "number" ? finite(column.values[id]) : null;
    const { members, by, k } = measured;
    const is_unstable = item !== null && item < UNSTABLE;
    return { ranking: "cosine", neighbors, confidence: { members, by, k, item, is_unstable } };
  }

  private async described(found: Found): Promise<{ item: Item; value: number }[]> {
    const items = await Promise.all(found.ids.map((id) => this.item(id)));
    return items.map((item, place) => ({ item, value: found.values[place] as number }));
  }

  private async item(id: number): Promise<Item> {
    const [keys, counts] = await Promise.all([this.allKeys(), this.counts()]);
    this.attributes ??= this.pack.has("attributes")
      ? this.pack.bytes("attributes").then((stream) => tableFromIPC(stream))
      : Promise.resolve(null);
    const table = await this.attributes;
    const attributes = table?.names.map((name) => [String(name), plain(table.getChild(name).get(id))] as const);
    return { ...Object.fromEntries(attributes ?? []), id, key: keys[id] ?? "", count: counts?.[id] ?? null };
  }

  private async counts(): Promise<ArrayLike<number> | null> {
    if (!this.run.has.counts) return null;
    const column = (await this.columns(0, ["count"])).get("count");
    return column?.kind === "number" ? column.values : null;
  }

  private allKeys(): Promise<string[]> {
    return this.pack.json<string[]>("keys");
  }

  private allIds(): Promise<Map<string, number>> {
    this.ids ??= this.allKeys().then((keys) => new Map(keys.map((key, id) => [key, id])));
    return this.ids;
  }

  private async idOf(key: string): Promise<number> {
    const id = (await this.allIds()).get(key);
    if (id === undefined) throw new AnswerError(`There is no item ${JSON.stringify(key)}.`);
    return id;
  }

  private cannot(what: string): AnswerError {
    return new AnswerError(`This page cannot ${what}: it carries no vectors. firth serve can.`);
  }

  /** Hand the vectors to the worker, once. */
  private needVectors(what: string): Promise<unknown> {
    const { vectors } = this.manifest;
    if (vectors === null) throw this.cannot(what);
    this.ranking ??= Promise.all([this.rounded("vectors"), this.predicting(vectors)]).then(([rows, predicting]) =>
      this.thinker.ask(
        { name: "vectors", size: vectors.size, vectors: rows, predicting },
        [rows.codes, predicting?.outputs?.codes, predicting?.counts?.columns].flatMap((part) => part?.buffer ?? []),
      ),
    );
    return this.ranking;
  }

  private async predicting({ recommend }: VectorsAbout): Promise<Predicting | null> {
    if (recommend === undefined) return null;
    const [lengths, constants, outputs, counts] = await Promise.all([
      this.pack.numbers("vectors/lengths") as Promise<Float32Array>,
      this.pack.numbers("constants") as Promise<Float32Array>,
      this.pack.has("outputs/codes") ? this.rounded("outputs") : null,
      this.pack.has("counts/starts") ? this.cooccurrence() : null,
    ]);
    return { lengths, constants, outputs, counts, blend: recommend.blend, decay: recommend.decay };
  }

  private async rounded(name: string): Promise<Rounded> {
    const parts = await Promise.all([this.pack.numbers(`${name}/codes`), this.pack.numbers(`${name}/scales`)]);
    return { codes: parts[0] as Int8Array | Int16Array, scales: parts[1] as Float32Array };
  }

  private async cooccurrence(): Promise<Counts> {
    const [starts, columns, values] = await Promise.all(
      ["starts", "columns", "values"].map((part) => this.pack.numbers(`counts/${part}`)),
    );
    return { starts, columns, values } as Counts & Record<string, Numbers>;
  }
}

function asCosine(code: number): number {
  return code / 32_767 - 1;
}

function finite(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

function plain(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return Number.isNaN(value) ? null : value;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as Iterable<string>);
  return String(value);
}

function asNumber(value: Value): number | null {
  return typeof value === "number" ? value : null;
}

function asTexts(value: Value): string[] {
  if (value === null) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}
