/** Sums of items as they are typed: `coil - elder ones + "jay-z"`.
 *
 * Keys may hold spaces, pluses and minuses. What is in quotes is one key; elsewhere the longest text that is a key is
 * one, and the rest is divided at signs that have a space before them.
 */

export type Sign = 1 | -1;

/** A part of the text that stands for one item. */
export interface Piece {
  sign: Sign;
  text: string;
  isKnown: boolean;
}

/** A stretch without signs, with the sign before it. */
interface Atom {
  sign: Sign | 0;
  start: number;
  end: number;
  isQuoted: boolean;
  /** Whether a space, a quote or the beginning is before its sign. */
  isApart: boolean;
}

const SIGNS: Record<string, Sign> = { "+": 1, "-": -1, "−": -1, "–": -1 };
const OPENING = '"“„';
const CLOSING = '"”“';
const MOST_JOINED = 8;
const LONGEST = 10_000;

/** Return a key as it is typed, in quotes where it could be read otherwise. */
export function quoted(key: string): string {
  return /["“”„+\-−–]|^\s|\s$|\s\s|[\r\n\t]|^$/.test(key) ? `"${key.replaceAll('"', '""')}"` : key;
}

/** Return a sum as it is typed. */
export function typed(terms: readonly { sign: Sign; text: string }[]): string {
  return terms.map(({ sign, text }, place) => (sign < 0 ? "- " : place > 0 ? "+ " : "") + quoted(text)).join(" ");
}

function atomsOf(text: string): Atom[] {
  const atoms: Atom[] = [{ sign: 0, start: 0, end: 0, isQuoted: false, isApart: true }];
  for (let at = 0; at < text.length; ) {
    const atom = atoms[atoms.length - 1] as Atom;
    const letter = text[at] as string;
    const isBlank = text.slice(atom.start, at).trim() === "";
    if (isBlank && OPENING.includes(letter)) {
      at = closing(text, at);
      Object.assign(atom, { end: at, isQuoted: true });
    } else if (letter in SIGNS) {
      const isApart = at === 0 || atom.isQuoted || /\s/.test(text[at - 1] as string);
      at += 1;
      atoms.push({ sign: SIGNS[letter] as Sign, start: at, end: at, isQuoted: false, isApart });
    } else if (atom.isQuoted && !/\s/.test(letter)) {
      atoms.push({ sign: 1, start: at, end: at + 1, isQuoted: false, isApart: true }); // a key right after a quoted one
      at += OPENING.includes(letter) ? 0 : 1;
    } else {
      at += 1;
      if (!atom.isQuoted) atom.end = at;
    }
  }
  return atoms;
}

/** Return the place after the quote that closes the one at `from`; a doubled quote is a letter of the key. */
function closing(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (!CLOSING.includes(text[at] as string)) continue;
    if (text[at] === '"' && text[at + 1] === '"') at += 1;
    else return at + 1;
  }
  return text.length;
}

function unquoted(text: string): string {
  const inner = text.trim().slice(1);
  return (CLOSING.includes(inner.at(-1) ?? " ") ? inner.slice(0, -1) : inner).replaceAll('""', '"');
}

function joined(text: string, atoms: readonly Atom[], from: number, to: number): string {
  const slice = text.slice((atoms[from] as Atom).start, (atoms[to] as Atom).end);
  return (atoms[from] as Atom).isQuoted ? unquoted(slice) : slice.trim();
}

/** Return how far atoms from `from` on may be joined to one key. */
function reach(atoms: readonly Atom[], from: number): number {
  if ((atoms[from] as Atom).isQuoted) return from;
  let to = from;
  while (to - from < MOST_JOINED && to + 1 < atoms.length && !(atoms[to + 1] as Atom).isQuoted) to += 1;
  return to;
}

/** Return every text of a sum that may be one key. */
export function candidates(text: string): string[] {
  const atoms = atomsOf(text.slice(0, LONGEST * 2));
  const found = new Set<string>();
  for (let from = 0; from < atoms.length; from += 1) {
    for (let to = from; to <= reach(atoms, from); to += 1) found.add(joined(text, atoms, from, to));
  }
  found.delete("");
  return [...found];
}

/** Return a sum's pieces, given which texts are keys. */
export function pieces(text: string, isKey: (text: string) => boolean): Piece[] {
  const atoms = atomsOf(text);
  const ends = keyEnds(text, atoms, isKey);
  const found: Piece[] = [];
  for (let from = 0; from < atoms.length; ) {
    const to = ends[from] ?? unknownEnd(atoms, from);
    const piece = joined(text, atoms, from, to);
    const { sign, isQuoted } = atoms[from] as Atom;
    if (piece !== "" || isQuoted) found.push({ sign: sign < 0 ? -1 : 1, text: piece, isKnown: isKey(piece) });
    from = to + 1;
  }
  return found;
}

/** Return, for each atom, the last one of the longest key that begins there, if what is stuck to it are keys as well. */
function keyEnds(text: string, atoms: readonly Atom[], isKey: (text: string) => boolean): (number | undefined)[] {
  const ends: (number | undefined)[] = atoms.map(() => undefined);
  for (let from = atoms.length - 1; from >= 0; from -= 1) {
    for (let to = reach(atoms, from); to >= from && ends[from] === undefined; to -= 1) {
      const isWhole = atoms[to + 1]?.isApart ?? true;
      if ((isWhole || ends[to + 1] !== undefined) && isKey(joined(text, atoms, from, to))) ends[from] = to;
    }
  }
  return ends;
}

/** Return the last atom before a sign that stands apart. */
function unknownEnd(atoms: readonly Atom[], from: number): number {
  let to = from;
  while (to + 1 < atoms.length && !(atoms[to + 1] as Atom).isApart) to += 1;
  return to;
}

/** Return where keys that end at `caret` may begin, the farthest first: after signs that stand apart, or in a quote. */
export function starts(text: string, caret: number): number[] {
  const atoms = atomsOf(text.slice(0, caret));
  const last = atoms.length - 1;
  const found: number[] = [];
  for (let at = last; at >= 0 && found.length < 3; at -= 1) {
    const { start, isQuoted, isApart } = atoms[at] as Atom;
    if (isQuoted && at < last) break;
    if (isApart) found.unshift(start + (text.slice(start, caret).length - text.slice(start, caret).trimStart().length));
    if (isQuoted) break;
  }
  return found;
}

/** Return what is typed of a key between two places, without its quotes. */
export function begun(text: string, from: number, to: number): string {
  const slice = text.slice(from, to);
  return OPENING.includes(slice[0] ?? " ") ? unquoted(slice) : slice.trim();
}
