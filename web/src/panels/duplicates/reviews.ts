/** Groups as they are decided on one after another, made of what was found and of what was decided before. */

import type { Decision, DuplicatesAnswer } from "../../answers/duplicates";
import type { DuplicateGroup } from "../../answers/types";

export type Pair = DuplicateGroup["pairs"][number];

export interface Review {
  /** `near`: names and contexts are nearly equal; `namesakes`: names alone; `decided`: not found now, but decided on. */
  kind: "near" | "namesakes" | "decided";
  keys: string[];
  /** Keys that nothing but their name, or a decision, brings into the group. */
  also: Set<string>;
  counts: Map<string, number | null>;
  pairs: Pair[];
}

/** What is decided on a group: which of its keys are one thing, and under which name. */
export interface Choice {
  state: "open" | "merged" | "apart";
  keep: string;
  merged: readonly string[];
}

/** Return the groups to decide on, each key in one of them, with what was decided on each. */
export function reviewsOf(
  found: DuplicatesAnswer,
  decisions: readonly Decision[],
): { review: Review; choice: Choice }[] {
  const reviews = proposals(found);
  const made = new Map<Review, Decision[]>();
  for (const decision of decisions) {
    const review = homeOf(decision, reviews);
    made.set(review, [...(made.get(review) ?? []), decision]);
  }
  return reviews.flatMap((review) => {
    const own = made.get(review) ?? [];
    const merges = own.filter((decision) => decision.merge);
    if (merges.length < 2) return [{ review, choice: choiceOf(review, own) }];
    return taken(review, own).map((part) => ({ review: part.review, choice: choiceOf(part.review, part.decisions) }));
  });
}

/** What the service is told of a choice. */
export function decisionOf(review: Review, choice: Choice): Decision {
  const { keys } = review;
  if (choice.state === "open") return { keep: "", keys, apart: [], merge: null };
  if (choice.state === "apart") return { keep: choice.keep, keys, apart: [], merge: false };
  const apart = keys.filter((key) => !choice.merged.includes(key));
  return { keep: choice.keep, keys: [...choice.merged], apart, merge: true };
}

/** The pair that speaks for a key: the one with the name that is kept, else the most similar. */
export function evidenceOf(review: Review, key: string, keep: string): Pair | undefined {
  const own = review.pairs.filter((pair) => pair.a === key || pair.b === key);
  return own.find((pair) => pair.a === keep || pair.b === keep) ?? own[0];
}

/** Of some keys of a group the one that occurs most. */
export function mostFrequent(review: Review, keys: readonly string[]): string {
  const count = (key: string) => review.counts.get(key) ?? 0;
  return keys.reduce((best, key) => (count(key) > count(best) ? key : best), keys[0] ?? "");
}

function proposals(found: DuplicatesAnswer): Review[] {
  const reviews = found.groups.map((group) => asReview(group, "near"));
  const homes = new Map(reviews.flatMap((review) => review.keys.map((key) => [key, review] as const)));
  for (const group of found.namesakes) {
    const keys = group.items.map((item) => item.key);
    const home = reviews.find((review) => keys.some((key) => homes.get(key) === review));
    if (home === undefined) {
      reviews.push(asReview(group, "namesakes"));
      continue;
    }
    for (const { key, count } of group.items.filter((item) => !homes.has(item.key))) add(home, key, count);
    home.pairs.push(...group.pairs);
  }
  return reviews;
}

function asReview(group: DuplicateGroup, kind: Review["kind"]): Review {
  const counts = new Map(group.items.map((item) => [item.key, item.count]));
  return { kind, keys: group.items.map((item) => item.key), also: new Set(), counts, pairs: [...group.pairs] };
}

function add(review: Review, key: string, count: number | null): void {
  review.keys.push(key);
  review.also.add(key);
  review.counts.set(key, count);
}

/** Return the group that a decision is about, which then holds all of its keys; made where there is none. */
function homeOf(decision: Decision, reviews: Review[]): Review {
  const keys = [...decision.keys, ...decision.apart];
  const touched = reviews.filter((review) => keys.some((key) => review.keys.includes(key)));
  const home = touched[0] ?? asReview({ keep: decision.keep, items: [], pairs: [] }, "decided");
  if (touched.length === 0) reviews.push(home);
  for (const other of touched.slice(1)) {
    for (const key of other.keys) add(home, key, other.counts.get(key) ?? null);
    home.pairs.push(...other.pairs);
    reviews.splice(reviews.indexOf(other), 1);
  }
  for (const key of keys) if (!home.keys.includes(key)) add(home, key, null);
  if (home.kind === "decided") home.also.clear();
  return home;
}

/** Return a group that holds several merges as one group for each, and one of what is left. */
function taken(review: Review, decisions: Decision[]): { review: Review; decisions: Decision[] }[] {
  const parts = decisions.map((decision) => ({
    review: part(review, [...decision.keys, ...decision.apart]),
    decisions: [decision],
  }));
  const left = review.keys.filter((key) => !parts.some((one) => one.review.keys.includes(key)));
  return left.length > 1 ? [...parts, { review: part(review, left), decisions: [] }] : parts;
}

function part(review: Review, keys: string[]): Review {
  return { ...review, keys, also: new Set(keys.filter((key) => review.also.has(key))) };
}

function choiceOf(review: Review, decisions: readonly Decision[]): Choice {
  const merge = decisions.find((decision) => decision.merge);
  if (merge !== undefined) {
    const merged = review.keys.filter((key) => key === merge.keep || merge.keys.includes(key));
    return { state: "merged", keep: merge.keep, merged };
  }
  const proposed = review.keys.filter((key) => !review.also.has(key));
  const merged = proposed.length > 1 ? proposed : review.keys;
  return { state: decisions.length > 0 ? "apart" : "open", keep: mostFrequent(review, merged), merged };
}
