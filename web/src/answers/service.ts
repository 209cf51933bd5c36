/** Answers from the HTTP service that the page was loaded from. */

import { AnswerError, type Answers, type Column, type Question } from "./answers";
import { readColumns } from "./arrow";
import type { About, Item, Match, NeighborsAnswer, RecommendAnswer, WhyAnswer } from "./types";

type Query = Record<string, string | number>;

export class Service implements Answers {
  constructor(private readonly root: string = "api") {}

  can(_question: Question): boolean {
    return true;
  }

  about(): Promise<About> {
    return this.get("about");
  }

  async columns(run: number, names: string[]): Promise<Map<string, Column>> {
    const asked = new URLSearchParams(names.map((name) => ["names", name])); // a name may hold a comma
    const response = await this.fetch(`runs/${run}/columns?${asked}`);
    return readColumns(new Uint8Array(await response.arrayBuffer()));
  }

  keys(run: number, ids: number[]): Promise<string[]> {
    return this.post<{ keys: string[] }>(`runs/${run}/keys`, { ids }).then((answer) => answer.keys);
  }

  items(run: number, keys: string[]): Promise<Item[]> {
    return this.post<{ items: Item[] }>(`runs/${run}/items`, { keys }).then((answer) => answer.items);
  }

  search(run: number, text: string, k: number): Promise<Match[]> {
    return this.get<{ matches: Match[] }>(`runs/${run}/search`, { q: text, k }).then((answer) => answer.matches);
  }

  neighbors(run: number, key: string, k: number): Promise<NeighborsAnswer> {
    return this.get(`runs/${run}/neighbors`, { key, k });
  }

  why(run: number, a: string, b: string): Promise<WhyAnswer> {
    return this.get(`runs/${run}/why`, { a, b });
  }

  recommend(run: number, keys: string[], k: number): Promise<RecommendAnswer> {
    return this.post(`runs/${run}/recommend`, { keys, k });
  }

  arithmetic(run: number, plus: string[], minus: string[], k: number): Promise<NeighborsAnswer> {
    return this.post(`runs/${run}/arithmetic`, { plus, minus, k });
  }

  members(run: number, cluster: number, offset: number, k: number): Promise<{ total: number; items: Item[] }> {
    return this.get(`runs/${run}/clusters/${cluster}`, { offset, k });
  }

  /** Ask what this file has no method for. */
  async get<T>(path: string, query: Query = {}): Promise<T> {
    return (await (await this.fetch(path + asQuery(query))).json()) as T;
  }

  /** Ask for columns that this file has no method for. */
  async table(path: string, query: Query = {}): Promise<Map<string, Column>> {
    const response = await this.fetch(path + asQuery(query));
    return readColumns(new Uint8Array(await response.arrayBuffer()));
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    const headers = { "content-type": "application/json" };
    const response = await this.fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return (await response.json()) as T;
  }

  /** Ask for what is no JSON. */
  raw(path: string, query: Query = {}): Promise<Response> {
    return this.fetch(path + asQuery(query));
  }

  private async fetch(path: string, init?: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.root}/${path}`, init);
    } catch {
      throw new AnswerError("The service does not answer. Is firth serve still running?");
    }
    if (response.ok) return response;
    const said: unknown = await response.json().catch(() => null);
    throw new AnswerError(detailOf(said) ?? `The service answered ${response.status}.`);
  }
}

function asQuery(query: Query): string {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

function detailOf(said: unknown): string | null {
  if (typeof said !== "object" || said === null || !("detail" in said)) return null;
  return typeof said.detail === "string" ? said.detail : JSON.stringify(said.detail);
}
