/** Texts made comparable for somebody who types, in the way of the service (firth.vectors.folding). */

const MOST = 256; // letters of a folded text
const MOST_RAW = 1024;
const MARKS =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: marks are what is meant, without what they stand on
  /\u0640|[\u0300-\u036F\u0483-\u0489\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E8\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE00-\uFE0F\uFE20-\uFE2F\p{Cf}]/gu;
const SPELLED = "ß ss  ø o  ł l  đ d  æ ae  œ oe  þ th  ð d  ı i  ħ h  ŧ t  ŋ n  ƒ f  ɓ b  ɗ d  ɨ i  ə e  ς σ";
const LETTERS = new Map(SPELLED.split("  ").map((pair) => pair.split(" ") as [string, string]));
const OTHERS = /[ßøłđæœþðıħŧŋƒɓɗɨəς]/g;
const APOSTROPHES = /['’‘ʻʼ`´]/g;
const INITIALS = /(?<![\p{L}\p{M}\p{N}_])(\p{L})\./gu;
const BETWEEN = /(?:(?!#)[\s\p{Z}\p{C}\p{Sk}<>=~|\p{P}])+/gu;
const BLANKS = /[\s\p{Z}\p{C}]+/gu;

/** Return a text in lower case, without accents and punctuation, its words one space apart. */
export function fold(text: string): string {
  let letters = text.slice(0, MOST_RAW).normalize("NFKD").toLowerCase().normalize("NFKD").replace(MARKS, "");
  letters = letters.replaceAll("&", " and ").replace(OTHERS, (letter) => LETTERS.get(letter) ?? letter);
  const words = letters.replace(APOSTROPHES, "").replace(INITIALS, "$1").replace(BETWEEN, " ").trim();
  const seen = words === "" ? letters.replace(BLANKS, " ").trim() : words;
  return seen.slice(0, MOST).trimEnd();
}
