/** Two names as pieces: what both have, what only one has, and what only the other. */

export interface Piece {
  text: string;
  of: "both" | "this" | "other";
}

const LONGEST = 200; // words; longer names are shown as they are

/** Return a name as pieces, with what `other` has instead; words and signs are compared, each with the blanks before. */
export function differences(name: string, other: string): Piece[] {
  const [mine, theirs] = [split(name), split(other)];
  if (mine.length > LONGEST || theirs.length > LONGEST) return [{ text: name, of: name === other ? "both" : "this" }];
  const common = lengths(mine, theirs);
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  while (i < mine.length || j < theirs.length) {
    if (i < mine.length && j < theirs.length && mine[i] === theirs[j]) {
      put(pieces, mine[i++] ?? "", "both");
      j++;
    } else if (j >= theirs.length || (i < mine.length && at(common, i + 1, j) >= at(common, i, j + 1))) {
      put(pieces, mine[i++] ?? "", "this");
    } else put(pieces, theirs[j++] ?? "", "other");
  }
  return pieces;
}

function split(name: string): string[] {
  return name.match(/\s*[\p{L}\p{N}\p{M}]+|\s*[^\p{L}\p{N}\p{M}\s]|\s+$/gu) ?? [];
}

/** `lengths[i][j]`: the longest common subsequence of the words from i and from j on. */
function lengths(a: string[], b: string[]): Uint16Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    const row = table[i] as Uint16Array;
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  }
  return table;
}

function at(table: Uint16Array[], i: number, j: number): number {
  return table[i]?.[j] ?? 0;
}

function put(pieces: Piece[], text: string, of: Piece["of"]): void {
  const last = pieces.at(-1);
  if (last?.of === of) last.text += text;
  else pieces.push({ text, of });
}
