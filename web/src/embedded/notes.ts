/** What a page says of the data that it carries: what is exact in it, what is not, and what it cannot answer. */

import type { Manifest } from "../answers/embedded";

export function notes(manifest: Manifest): { summary: string; lines: string[] } {
  const run = manifest.about.runs[0];
  const n = run?.is_ready ? run.n_items : 0;
  const name = run?.name ?? "";
  const lines = [aboutNeighbors(manifest), aboutVectors(manifest), aboutRecommending(manifest)];
  lines.push(`It cannot train, compare runs or look for duplicates: firth serve ${name} can.`);
  return {
    summary: `What is exact? ${name}, ${n.toLocaleString("en")} items, all within this page: no server is asked.`,
    lines: lines.filter((line) => line !== null),
  };
}

function aboutNeighbors({ neighbors }: Manifest): string {
  const found =
    neighbors.recall === null ? "exactly" : `by an approximate search, which found ${share(neighbors.recall)}`;
  return `The ${neighbors.k} nearest of every item were computed when this page was made, ${found}. Cosines are within 0.00002.`;
}

function aboutVectors({ vectors }: Manifest): string {
  if (vectors === null) {
    return "Adding, subtracting and recommending are not possible here: the vectors would make this page too large.";
  }
  const agreement =
    vectors.sums === null ? "" : ` Of the ten nearest to a sum, ${share(vectors.sums)} are those of the full vectors.`;
  return `Sums are computed in this page, from vectors in ${vectors.bits} bits a number.${agreement}`;
}

function aboutRecommending({ vectors }: Manifest): string | null {
  if (vectors === null) return null;
  if (vectors.recommend === undefined)
    return "The run cannot recommend: its vectors came without what predicting takes.";
  const { agreement } = vectors.recommend;
  return agreement === null ? null : `Of ten recommendations, ${share(agreement)} are those of the full vectors.`;
}

function share(value: number): string {
  return `${(Math.floor(value * 10_000) / 100).toFixed(2)} %`;
}
