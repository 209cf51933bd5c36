/** Which letters of a key are what was typed, case, accents and punctuation aside. */

export interface Part {
  text: string;
  isHit: boolean;
}

const LETTERS: Record<string, string> = {
  ...{ ß: "ss", ø: "o", ł: "l", đ: "d", æ: "ae", œ: "oe", þ: "th", ð: "d", ı: "i", ħ: "h" },
  ...{ ŧ: "t", ŋ: "n", ƒ: "f", ɓ: "b", ɗ: "d", ɨ: "i", ə: "e", ς: "σ", "&": " and " },
};
const MARKS = /[\p{Mn}\p{Cf}'’‘ʻʼ`´]/gu;
const BETWEEN = /[\s\p{Z}\p{C}\p{Sk}<>=~|]|(?!#)\p{P}/gu;
const MOST = 300; // letters of a key that are shown

/** Return a key in parts, those that were typed told from the others; all together they are the key. */
export function marked(key: string, typed: string): Part[] {
  const letters = Array.from(key.slice(0, MOST));
  const { text, places } = folded(letters);
  const hits = new Array<boolean>(letters.length).fill(false);
  for (const [start, end] of found(text, folded(Array.from(typed)).text.trim())) {
    for (let i = start; i < end; i++) hits[places[i] as number] = true;
  }
  const parts: Part[] = [];
  for (const [place, letter] of letters.entries()) {
    const last = parts.at(-1);
    const isHit = hits[place] ?? false;
    if (last?.isHit === isHit) last.text += letter;
    else parts.push({ text: letter, isHit });
  }
  if (key.length > MOST) parts.push({ text: "…", isHit: false });
  return parts;
}

/** Return letters without case, accents and punctuation, and from which letter each came. */
function folded(letters: readonly string[]): { text: string; places: number[] } {
  let text = "";
  const places: number[] = [];
  for (const [place, letter] of letters.entries()) {
    const plain = letter.normalize("NFKD").toLowerCase().replace(MARKS, "");
    const spelled = Array.from(plain, (each) => LETTERS[each] ?? each).join("");
    for (const each of spelled.replace(BETWEEN, " ")) {
      if (each === " " && (text === "" || text.endsWith(" "))) continue;
      text += each;
      for (let i = 0; i < each.length; i++) places.push(place);
    }
  }
  return { text, places };
}

/** Where all that was typed begins a word, or else stands at all, or else each of its words begins one. */
function found(text: string, typed: string): [number, number][] {
  if (typed === "") return [];
  const whole = placeOf(text, typed) ?? (text.includes(typed) ? text.indexOf(typed) : null);
  if (whole !== null) return [[whole, whole + typed.length]];
  const words = typed.split(" ").map((word): [number | null, number] => [placeOf(text, word), word.length]);
  return words.flatMap(([place, length]): [number, number][] => (place === null ? [] : [[place, place + length]]));
}

function placeOf(text: string, word: string): number | null {
  const place = ` ${text}`.indexOf(` ${word}`);
  return place < 0 ? null : place;
}
