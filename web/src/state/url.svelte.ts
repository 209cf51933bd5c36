/** What is seen, as the address after `#`: a link brings it back. What cannot be read there is left out. */

import type { Explorer, PanelName, Term, View } from "./explorer.svelte";
import { appearance, asChoice } from "./theme.svelte";

const PANELS: readonly PanelName[] = ["item", "basket", "arithmetic", "clusters", "duplicates", "compare", "training"];
/** The names of the views of both maps. */
const VIEWS = ["v", "w"] as const;
const MOST = 100; // items of a basket or terms that a link holds
const WAIT_MS = 250;

/** Return the address's part for the present state; empty: the page as it opens. */
export function encode(explorer: Explorer): string {
  const link = new URLSearchParams();
  if (explorer.selected !== null) link.set("s", explorer.selected);
  if (explorer.panel !== "item") link.set("p", explorer.panel);
  if (explorer.colorBy !== null) link.set("c", explorer.colorBy);
  for (const name of explorer.hidden) link.append("h", name);
  if (explorer.range !== null) link.set("r", explorer.range.join("~"));
  if (explorer.showsDistortion) link.set("d", "1");
  for (const key of explorer.basket.slice(0, MOST)) link.append("b", key);
  for (const { sign, key } of explorer.terms.slice(0, MOST)) link.append("t", (sign > 0 ? "+" : "-") + key);
  for (const [place, run] of explorer.runs.entries()) {
    const name = VIEWS[place];
    if (name !== undefined && run.view !== null) link.set(name, asText(run.view));
  }
  if (appearance.choice !== "system") link.set("l", appearance.choice);
  return link.toString();
}

/** Bring back the state that an address holds. */
export function apply(explorer: Explorer, hash: string): void {
  const link = new URLSearchParams(hash.replace(/^#/u, ""));
  const panel = link.get("p");
  explorer.show(link.get("s") || null);
  explorer.panel = PANELS.find((name) => name === panel) ?? "item";
  explorer.colorBy = link.get("c");
  explorer.hidden = new Set(link.getAll("h"));
  explorer.range = asRange(link.get("r"));
  explorer.showsDistortion = link.get("d") === "1";
  explorer.basket = [...new Set(link.getAll("b"))].filter((key) => key !== "").slice(0, MOST);
  explorer.terms = link
    .getAll("t")
    .map(asTerm)
    .filter((term) => term !== null)
    .slice(0, MOST);
  for (const [place, run] of explorer.runs.entries()) run.view = asView(link.get(VIEWS[place] ?? ""));
  explorer.arrived = explorer.runs.some((run) => run.view !== null) ? explorer.selected : null;
  if (link.has("l")) appearance.choose(asChoice(link.get("l")));
}

/** Keep the address and the state alike; the function that comes back stops it. Has to be called where effects may be. */
export function keep(explorer: Explorer): () => void {
  let timer = 0;
  let written = location.hash.replace(/^#/u, "");
  $effect(() => {
    const link = encode(explorer);
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (link === written) return;
      written = link;
      history.replaceState(null, "", address(explorer)); // whole: within a notebook, # alone is the notebook's
    }, WAIT_MS);
  });
  const follow = (): void => {
    window.clearTimeout(timer);
    written = location.hash.replace(/^#/u, "");
    apply(explorer, written);
  };
  window.addEventListener("hashchange", follow);
  return () => {
    window.clearTimeout(timer);
    window.removeEventListener("hashchange", follow);
  };
}

/** Return the address of the present state, without waiting until it is written. */
export function address(explorer: Explorer): string {
  const link = encode(explorer);
  return `${location.href.replace(/#.*$/u, "")}${link === "" ? "" : `#${link}`}`;
}

function asText({ x, y, zoom }: View): string {
  return [x, y, zoom].map((value) => Number(value.toPrecision(5))).join("~");
}

function numbers(text: string | null, n: number): number[] | null {
  const parts = (text ?? "").split("~");
  const values = parts.map(Number);
  return parts.length === n && values.every(Number.isFinite) && !parts.includes("") ? values : null;
}

function asView(text: string | null): View | null {
  const [x, y, zoom] = numbers(text, 3) ?? [];
  return x === undefined || y === undefined || zoom === undefined || zoom <= 0 ? null : { x, y, zoom };
}

function asRange(text: string | null): readonly [number, number] | null {
  const [low, high] = numbers(text, 2) ?? [];
  return low === undefined || high === undefined || low > high ? null : [low, high];
}

function asTerm(text: string): Term | null {
  const sign = text.startsWith("-") ? -1 : text.startsWith("+") ? 1 : 0;
  return sign === 0 || text.length === 1 ? null : { sign, key: text.slice(1) };
}
