/** Numbers and values as people read them. */

import type { AttributeAbout, Item, Value } from "../answers/types";

const COUNT = new Intl.NumberFormat("en");
const PERCENT = new Intl.NumberFormat("en", { style: "percent" });
const LONGEST_KEY = 300;
const LONGEST_NAME = 60;

export function countText(count: number): string {
  return COUNT.format(count);
}

/** `one` or `many` with its number: 1 item, 2,642 items. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

export function percent(share: number): string {
  return share > 0 && share < 0.005 ? "< 1%" : PERCENT.format(share);
}

/** A number with as many places as tell something; years keep their four digits together. */
export function numberText(value: number): string {
  const places = Number.isInteger(value) ? 0 : Math.abs(value) >= 1000 ? 1 : 2;
  return new Intl.NumberFormat("en", {
    maximumFractionDigits: places,
    useGrouping: Math.abs(value) >= 10_000,
  }).format(value);
}

/** A key that fits the page; one that shows nothing is said to be blank. */
export function keyText(key: string, longest = LONGEST_KEY): string {
  const text = key.length > longest ? `${key.slice(0, longest)}…` : key;
  return /[^\s\p{C}]/u.test(text) ? text : "(blank)";
}

/** A key within the name of a control. */
export function keyName(key: string): string {
  return keyText(key, LONGEST_NAME);
}

/** The texts of an attribute's value, none where it has none. */
export function valueTexts(value: Value | undefined): string[] {
  if (value === null || value === undefined) return [];
  const values = Array.isArray(value) ? value : [value];
  return values.map((one) => (typeof one === "number" ? numberText(one) : String(one)));
}

const SHOWN_VALUES = 3;

/** What tells about an item on one line: "rock, electronic · score 7.28". */
export function tellingText(item: Item, attributes: readonly AttributeAbout[]): string {
  const parts: string[] = [];
  for (const { name, kind, is_telling } of attributes) {
    if (!is_telling) continue;
    const texts = valueTexts(item[name]).map((text) => keyText(text, LONGEST_NAME));
    if (texts.length === 0) continue;
    const shown = texts.slice(0, SHOWN_VALUES).join(", ") + (texts.length > SHOWN_VALUES ? ", …" : "");
    parts.push(kind === "number" ? `${name} ${shown}` : shown);
  }
  return parts.join(" · ");
}

/** What an answer is ranked by: a text, and how long its bar is, 0 to 1. */
export interface Measure {
  text: string;
  share: number;
  title: string;
}

export function cosineMeasure(cosine: number): Measure {
  return {
    text: cosine.toFixed(3),
    share: Math.min(1, Math.max(0, cosine)),
    title: `cosine ${cosine.toFixed(4)}: 1 is the same direction, 0 is nothing in common`,
  };
}

/** How far a cluster stands apart, in words, by its silhouette. */
export function apartText(silhouette: number | null): string | null {
  if (silhouette === null || Number.isNaN(silhouette)) return null;
  if (silhouette > 0.5) return "stands well apart";
  if (silhouette > 0.25) return "stands apart";
  if (silhouette > 0) return "runs into its neighbours";
  return "not to be relied on";
}

/** Predictions as shares of the likeliest: they are logarithms, of which only differences have a meaning. */
export function likelihoods(items: readonly { prediction: number }[]): (item: { prediction: number }) => Measure {
  const most = Math.max(...items.map((item) => item.prediction));
  return ({ prediction }) => {
    const share = Math.exp(prediction - most);
    return { text: percent(share), share, title: `prediction ${prediction.toFixed(3)}: 1 more is 2.7 times as likely` };
  };
}
