/** The page's side of the worker that searches and adds. */

import { AnswerError } from "../answers/answers";
import type { FoundKey } from "./keysearch";
import type { Found, Predicting, Rounded } from "./ranking";
import ThinkerWorker from "./thinker.worker?worker&inline";

export type Question =
  | { name: "keys"; keys: string[] }
  | { name: "vectors"; size: number; vectors: Rounded; predicting: Predicting | null }
  | { name: "search"; text: string; k: number }
  | { name: "similar"; ids: number[]; weights: number[]; k: number }
  | { name: "recommend"; ids: number[]; k: number }
  | { name: "pair"; a: number; b: number };

export interface Asked {
  number: number;
  question: Question;
}

export type Said = { number: number; answer: unknown } | { number: number; error: string };

interface Waiting {
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
}

export class Thinker {
  private readonly worker = new ThinkerWorker();
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  constructor() {
    this.worker.addEventListener("message", (event: MessageEvent<Said>) => this.hear(event.data));
    this.worker.addEventListener("error", (event) => {
      for (const { reject } of this.waiting.values()) reject(new AnswerError(event.message || "The worker failed."));
      this.waiting.clear();
    });
  }

  search(text: string, k: number): Promise<FoundKey[]> {
    return this.ask({ name: "search", text, k }) as Promise<FoundKey[]>;
  }

  similar(ids: number[], weights: number[], k: number): Promise<Found> {
    return this.ask({ name: "similar", ids, weights, k }) as Promise<Found>;
  }

  recommend(ids: number[], k: number): Promise<Found> {
    return this.ask({ name: "recommend", ids, k }) as Promise<Found>;
  }

  pair(a: number, b: number): Promise<{ cosine: number; together: number | null }> {
    return this.ask({ name: "pair", a, b }) as Promise<{ cosine: number; together: number | null }>;
  }

  /** Tell it something; what comes after is answered by it. What is handed over can no longer be read here. */
  ask(question: Question, handed: Transferable[] = []): Promise<unknown> {
    const number = this.asked++;
    this.worker.postMessage({ number, question } satisfies Asked, handed);
    return new Promise((resolve, reject) => this.waiting.set(number, { resolve, reject }));
  }

  private hear(said: Said): void {
    const waiting = this.waiting.get(said.number);
    this.waiting.delete(said.number);
    if ("error" in said) waiting?.reject(new AnswerError(said.error));
    else waiting?.resolve(said.answer);
  }
}
