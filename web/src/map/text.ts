/** Keys as one short line of text: they can be of any length, and hold anything. */

const LONGEST = 32;
// Control characters, and those that turn the direction of what follows.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be taken out
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu;

/** Return a key without what would break a line or turn its direction, cut to a length with an ellipsis. */
export function oneLine(key: string, longest = LONGEST): string {
  // Only the beginning is looked at: a key may have thousands of characters.
  const line = key
    .slice(0, longest * 4)
    .replace(UNSEEN, " ")
    .replace(/\s+/gu, " ")
    .trim();
  const characters = [...line];
  if (characters.length === 0) return "(blank)";
  return characters.length <= longest
    ? line
    : `${characters
        .slice(0, longest - 1)
        .join("")
        .trimEnd()}…`;
}

/** Return a line that keeps its own direction among others. */
export function isolated(line: string): string {
  return `\u2068${line}\u2069`;
}

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

/** Return a number as it is shown: 12,345 or 7.283. */
export function told(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return Number.isInteger(value) || Math.abs(value) >= 10_000 ? WHOLE.format(value) : SHORT.format(value);
}
