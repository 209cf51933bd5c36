/**
 * Items by what somebody types: keys that begin with it, hold it, or are nearly it, in the order of the service
 * (firth.vectors.search). The service has an index for millions of keys; a page looks at each of its own.
 */

import { fold } from "./folding";

export type How = "exact" | "prefix" | "word" | "inside" | "typo";

export interface FoundKey {
  id: number;
  how: How;
}

/** In this order; exactly as typed before what reads alike, words in the order typed before others. */
const KINDS: How[] = ["exact", "exact", "prefix", "word", "word", "inside"];
const MOST_TYPED = 64; // letters that are compared for errors

export class KeySearch {
  /** The keys as they are compared, each with a blank before it. */
  private readonly texts: string[];
  /** A bit for each of 32 classes of letters that a text holds: what is typed and lacks there must be an error. */
  private readonly letters: Int32Array;

  constructor(private readonly keys: readonly string[]) {
    this.texts = keys.map((key) => ` ${fold(key)}`);
    this.letters = Int32Array.from(this.texts, lettersOf);
  }

  /** Return at most k items, the best first, among equally good ones the lower id, which occurs more often. */
  find(text: string, k: number): FoundKey[] {
    const typed = fold(text);
    if (typed === "" || k < 1) return [];
    const found = new Map<number, How>();
    for (const [how, ids] of this.holding(text, typed, k)) {
      for (const id of ids) if (!found.has(id)) found.set(id, how);
    }
    if (found.size < k) for (const id of this.nearly(typed)) if (!found.has(id)) found.set(id, "typo");
    return [...found].slice(0, k).map(([id, how]) => ({ id, how }));
  }

  private holding(text: string, typed: string, k: number): [How, number[]][] {
    const words = typed.split(" ").map((word) => ` ${word}`);
    const whole = ` ${typed}`;
    const kinds = KINDS.map((how): [How, number[]] => [how, []]);
    for (const [id, own] of this.texts.entries()) {
      const kind = this.kindOf(id, own, text, typed, whole, words);
      const same = kind === null ? undefined : kinds[kind]?.[1];
      if (same !== undefined && same.length < k) same.push(id);
    }
    return kinds;
  }

  /** Return the place of a match among the kinds, null for none. */
  private kindOf(id: number, own: string, text: string, typed: string, whole: string, words: string[]): number | null {
    const at = own.indexOf(typed);
    if (at === 1 && own.length === whole.length) return this.keys[id] === text ? 0 : 1;
    if (at === 1) return 2;
    if (at > 1 && own.includes(whole)) return 3;
    if (words.length > 1 && words.every((word) => own.includes(word))) return 4;
    return at < 0 ? null : 5;
  }

  /** Return what is within an error or two: fewest errors, then whole keys, then keys' beginnings, then by id. */
  private nearly(typed: string): number[] {
    const wanted = typed.slice(0, MOST_TYPED);
    const most = wanted.length < 3 ? 0 : wanted.length < 8 ? 1 : 2;
    const ranks: number[][] = Array.from({ length: 4 * (most + 1) }, () => []);
    const letters = lettersOf(wanted);
    const trigrams = trigramsOf(` ${wanted}`);
    for (const [id, text] of this.texts.entries()) {
      if (most === 0 || bits(letters & ~(this.letters[id] as number)) > most) continue;
      if (!trigrams.some((trigram) => text.includes(trigram))) continue;
      ranks[rankOf(text, wanted, most)]?.push(id);
    }
    return ranks.flat();
  }
}

function lettersOf(text: string): number {
  let found = 0;
  for (let i = 0; i < text.length; i++) found |= 1 << (text.charCodeAt(i) & 31);
  return found;
}

function bits(value: number): number {
  let rest = value;
  let n = 0;
  for (; rest !== 0; rest &= rest - 1) n++;
  return n;
}

function trigramsOf(text: string): string[] {
  return Array.from({ length: text.length - 2 }, (_, place) => text.slice(place, place + 3));
}

/** Return how near a text, or what stands in it from some word on, is to what was typed; beyond all ranks: too far. */
function rankOf(text: string, wanted: string, most: number): number {
  let rank = 4 * (most + 1);
  for (let start = 1; start > 0; start = text.indexOf(" ", start) + 1) {
    const row = distances(text.slice(start, start + wanted.length + most), wanted, most);
    const errors = Math.min(...row);
    const rest = text.length - start;
    const isWhole = start === 1 && rest < row.length && row[rest] === errors;
    rank = Math.min(rank, 4 * errors + (isWhole ? 0 : start === 1 ? 1 : 2));
  }
  return rank;
}

/**
 * Return the errors between what was typed and each beginning of a text: letters wrong, missing, too many, or two
 * swapped (the optimal string alignment distance); `most + 1` where there are more.
 */
function distances(text: string, wanted: string, most: number): number[] {
  let before: number[] = [];
  let last = Array.from({ length: text.length + 1 }, (_, j) => j);
  for (let i = 1; i <= wanted.length; i++) {
    const row = [i];
    for (let j = 1; j <= text.length; j++) {
      const differs = wanted[i - 1] === text[j - 1] ? 0 : 1;
      let errors = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + differs);
      if (i > 1 && j > 1 && wanted[i - 1] === text[j - 2] && wanted[i - 2] === text[j - 1]) {
        errors = Math.min(errors, (before[j - 2] as number) + 1);
      }
      row.push(errors);
    }
    if (Math.min(...row) > most) return [most + 1];
    before = last;
    last = row;
  }
  return last;
}
