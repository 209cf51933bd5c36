/** What each item is coloured by: a column becomes one byte an item, a place in a palette of 256 colours. */

import type { Column } from "../answers/answers";
import type { Cluster, RunAbout } from "../answers/types";
import { along, parse, type Theme } from "./colours";

export const MISSING_CODE = 254;
export const HIDDEN_CODE = 255;
const N_STEPS = 254;
const N_CATEGORIES = 10;
const OTHER_CODE = N_CATEGORIES;
export const OTHER = "other";
export const MISSING = "no value";
const TAIL = 0.025; // share of the numbers at either end that may lie outside the scale
const WIDE = 100; // a scale whose ends, both above 0, are that many times apart is logarithmic

export interface Entry {
  name: string;
  code: number;
  count: number;
}

export interface Categories {
  kind: "category";
  by: string;
  codes: Uint8Array;
  /** The legend's entries, the largest first, then `other` and `no value`. */
  entries: Entry[];
  /** Each item's category among all `names`, -1 for none. */
  full: Int32Array;
  names: string[];
}

export interface Numbers {
  kind: "number";
  by: string;
  codes: Uint8Array;
  values: Float32Array;
  /** The scale's ends; numbers beyond have the end's colour. */
  low: number;
  high: number;
  /** The smallest and the largest number. */
  least: number;
  most: number;
  isLog: boolean;
  nMissing: number;
}

export interface Flat {
  kind: "flat";
  by: string;
  codes: Uint8Array;
}

export type Colouring = Categories | Numbers | Flat;

/** A run, as far as it says what its map can be coloured by. */
export interface Offering {
  about: RunAbout;
  /** Columns that the page computed. */
  added: readonly { name: string; title: string }[];
}

/** Return what a map can be coloured by, with what a person calls it. */
export function offered({ about, added }: Offering): { by: string; title: string }[] {
  const { has } = about;
  const told = about.attributes.filter((attribute) => attribute.is_telling && attribute.name !== "cluster");
  return [
    ...(has.clusters ? [{ by: "cluster", title: "cluster" }] : []),
    ...told.map(({ name }) => ({ by: name, title: name })),
    ...(has.counts ? [{ by: "count", title: "count" }] : []),
    ...(has.confidence ? [{ by: "confidence", title: "confidence" }] : []),
    ...(has.distortion ? [{ by: "distortion", title: "distortion" }] : []),
    ...added.map(({ name, title }) => ({ by: name, title })),
  ];
}

/** Return what a map is coloured by where `wanted` is not offered or nothing is wanted. */
export function chosen(run: Offering, wanted: string | null): string | null {
  const by = offered(run).map((offer) => offer.by);
  return wanted !== null && by.includes(wanted) ? wanted : (by[0] ?? null);
}

export function flat(n: number): Flat {
  return { kind: "flat", by: "", codes: new Uint8Array(n) };
}

/** Return the colouring by a column; clusters come as numbers and get their names; `first`: names that get their colours before others. */
export function colouring(
  by: string,
  column: Column,
  clusters: readonly Cluster[],
  first: readonly string[] = [],
): Colouring {
  if (column.kind === "category") return categories(by, column.codes, column.names, first);
  return by === "cluster" ? byCluster(column.values, clusters) : numbers(by, column.values);
}

function byCluster(values: Float32Array, clusters: readonly Cluster[]): Categories {
  const names: string[] = [];
  for (const { cluster, name } of clusters) {
    let told = name;
    for (let i = 2; names.includes(told); i++) told = `${name} (${i})`;
    names[cluster] = told;
  }
  const full = Int32Array.from(values, (cluster) => (cluster >= 0 ? cluster : -1));
  const n = full.reduce((most, cluster) => Math.max(most, cluster + 1), names.length);
  const told = Array.from({ length: n }, (_, i) => names[i] ?? `cluster ${i}`);
  return categories("cluster", full, told);
}

function categories(by: string, full: Int32Array, names: string[], first: readonly string[] = []): Categories {
  const counts = new Uint32Array(names.length);
  for (const code of full) if (code >= 0) counts[code] = (counts[code] as number) + 1;
  const bySize = [...names.keys()].sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  const shown = bySize.filter((code) => (counts[code] as number) > 0);
  const preferred = first.map((name) => names.indexOf(name)).filter((code) => code >= 0 && shown.includes(code));
  const top = [...new Set([...preferred, ...shown])].slice(0, N_CATEGORIES);
  const places = new Uint8Array(names.length + 1).fill(OTHER_CODE);
  places[names.length] = MISSING_CODE;
  for (const [place, code] of top.entries()) places[code] = place;
  const codes = new Uint8Array(full.length);
  const sizes = new Uint32Array(256);
  for (let i = 0; i < full.length; i++) {
    const category = full[i] as number;
    const code = places[category < 0 ? names.length : category] as number;
    codes[i] = code;
    sizes[code] = (sizes[code] as number) + 1;
  }
  const entries = top.map((category, code) => ({ name: names[category] ?? "", code }));
  entries.push({ name: OTHER, code: OTHER_CODE }, { name: MISSING, code: MISSING_CODE });
  const counted = entries.map((entry) => ({ ...entry, count: sizes[entry.code] as number }));
  return { kind: "category", by, codes, entries: counted.filter((entry) => entry.count > 0), full, names };
}

function numbers(by: string, values: Float32Array): Numbers {
  const known = values.filter((value) => Number.isFinite(value)).sort();
  const at = (share: number): number => known[Math.round(share * (known.length - 1))] ?? 0;
  const [low, high] = [at(TAIL), at(1 - TAIL)];
  const isLog = low > 0 && high >= WIDE * low;
  const scale = { low, high: high > low ? high : low + 1, isLog };
  const codes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    codes[i] = Number.isFinite(value) ? Math.round(placeOf(scale, value) * (N_STEPS - 1)) : MISSING_CODE;
  }
  const ends = { least: known[0] ?? 0, most: known[known.length - 1] ?? 1 };
  return { kind: "number", by, codes, values, ...scale, ...ends, nMissing: values.length - known.length };
}

/** Return a number's place on the scale, from 0 to 1. */
export function placeOf(scale: { low: number; high: number; isLog: boolean }, value: number): number {
  const map = scale.isLog ? (v: number) => Math.log(Math.max(v, Number.MIN_VALUE)) : (v: number) => v;
  return Math.min(1, Math.max(0, (map(value) - map(scale.low)) / (map(scale.high) - map(scale.low))));
}

/** Return each item's colour, `HIDDEN_CODE` where the legend hides it. */
export function shownCodes(
  by: Colouring,
  hidden: ReadonlySet<string>,
  range: readonly [number, number] | null,
): Uint8Array {
  if (by.kind === "category" && hidden.size > 0) {
    const mapped = Uint8Array.from({ length: 256 }, (_, code) => code);
    for (const entry of by.entries) if (hidden.has(entry.name)) mapped[entry.code] = HIDDEN_CODE;
    // One of those that share a colour can be hidden by its own name, too.
    const isHidden = by.names.map((name) => hidden.has(name));
    return by.codes.map((code, i) => (isHidden[by.full[i] as number] ? HIDDEN_CODE : (mapped[code] as number)));
  }
  if (by.kind === "number" && range !== null) {
    const [least, most] = range;
    return by.codes.map((code, i) => {
      const value = by.values[i] as number;
      return value >= least && value <= most ? code : HIDDEN_CODE;
    });
  }
  return by.codes;
}

/** Return 256 colours, RGBA: those of the codes. */
export function palette(by: Colouring, theme: Theme): Uint8Array {
  const colors = new Uint8Array(1024);
  const put = (code: number, rgb: readonly number[]): void => colors.set([...rgb, 255], 4 * code);
  if (by.kind === "number") for (let i = 0; i < N_STEPS; i++) put(i, along(theme.sequential, i / (N_STEPS - 1)));
  else {
    for (const [code, color] of theme.categories.entries()) put(code, parse(color));
    put(OTHER_CODE, parse(theme.other));
  }
  put(MISSING_CODE, parse(theme.missing));
  return colors;
}
