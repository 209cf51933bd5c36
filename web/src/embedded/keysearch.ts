/** Items by what somebody types: keys that begin with it, hold it, or are nearly it. Case and accents do not count. */

export type How = "exact" | "prefix" | "word" | "inside" | "typo";

export interface FoundKey {
  id: number;
  how: How;
}

const ORDER: How[] = ["exact", "prefix", "word", "inside", "typo"];
const MOST = 200; // letters of a key that are looked at for typos

export class KeySearch {
  private readonly folded: string[];
  /** A bit for each of 32 classes of letters that a key holds: what a text needs and a key lacks must be typos. */
  private readonly letters: Int32Array;

  constructor(keys: readonly string[]) {
    this.folded = keys.map(fold);
    this.letters = Int32Array.from(this.folded, lettersOf);
  }

  /** Return at most k items, the best first, among equally good ones the lower id, which occurs more often. */
  find(text: string, k: number): FoundKey[] {
    const wanted = fold(text).trim();
    if (wanted === "") return [];
    const found = new Map<How, number[]>(ORDER.map((how) => [how, []]));
    for (const [id, key] of this.folded.entries()) {
      const how = howAlike(key, wanted);
      const same = how === null ? undefined : found.get(how);
      if (same !== undefined && same.length < k) same.push(id);
    }
    let all = ORDER.flatMap((how) => (found.get(how) ?? []).map((id) => ({ id, how })));
    if (all.length < k) all = all.concat(this.nearly(wanted, k - all.length, new Set(all.map(({ id }) => id))));
    return all.slice(0, k);
  }

  private nearly(wanted: string, k: number, known: Set<number>): FoundKey[] {
    const most = wanted.length < 4 ? 0 : wanted.length < 8 ? 1 : 2;
    if (most === 0) return [];
    const letters = lettersOf(wanted);
    const byErrors: number[][] = [[], [], []];
    for (const [id, key] of this.folded.entries()) {
      if (bits(letters & ~(this.letters[id] as number)) > most || known.has(id)) continue;
      const errors = errorsWithin(key.slice(0, MOST), wanted, most);
      if (errors <= most) byErrors[errors]?.push(id);
    }
    return byErrors
      .flat()
      .slice(0, k)
      .map((id) => ({ id, how: "typo" }));
  }
}

/** Return a text without case and accents. */
export function fold(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the letters that are their own folding
  const isPlain = /^[\x00-\x7f]*$/.test(text);
  return (
    isPlain
      ? text
      : text
          .normalize("NFKD")
          .replace(/\p{M}+/gu, "")
          .replaceAll("ß", "ss")
  ).toLowerCase();
}

function howAlike(key: string, wanted: string): How | null {
  const at = key.indexOf(wanted);
  if (at < 0) return null;
  if (at === 0) return key.length === wanted.length ? "exact" : "prefix";
  for (let place = at; place >= 0; place = key.indexOf(wanted, place + 1)) {
    if (!isLetter(key.charAt(place - 1))) return "word";
  }
  return "inside";
}

function isLetter(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
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

/** Return how many letters are wrong, missing, too many or swapped, against the best beginning of a word; at most
 * `most` + 1. */
function errorsWithin(key: string, wanted: string, most: number): number {
  let least = most + 1;
  for (let start = 0; start < key.length && least > 0; start++) {
    if (start > 0 && isLetter(key.charAt(start - 1))) continue;
    least = Math.min(least, errorsOfBeginning(key.slice(start, start + wanted.length + most), wanted, most));
  }
  return least;
}

/** Return the least errors between a text and any beginning of another (Damerau and Levenshtein's distance). */
function errorsOfBeginning(text: string, wanted: string, most: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: text.length + 1 }, (_, j) => j);
  for (let i = 1; i <= wanted.length; i++) {
    const row = [i];
    for (let j = 1; j <= text.length; j++) {
      const isSame = wanted[i - 1] === text[j - 1];
      let errors = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + +!isSame);
      if (i > 1 && j > 1 && wanted[i - 1] === text[j - 2] && wanted[i - 2] === text[j - 1]) {
        errors = Math.min(errors, (beforeLast[j - 2] as number) + 1);
      }
      row.push(errors);
    }
    if (Math.min(...row) > most) return most + 1;
    beforeLast = last;
    last = row;
  }
  return Math.min(most + 1, ...last);
}
