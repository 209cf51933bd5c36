/** Items as a table for other programs. */

import type { Column } from "../answers/answers";
import type { RunState } from "../state/explorer.svelte";

const BUNCH = 5000;

/** Return items as CSV: key, count, attributes, cluster and place, one line an item. */
export async function toCsv(run: RunState, ids: Int32Array): Promise<string> {
  const { has, attributes } = run.about;
  const wanted = [
    ...(has.counts ? ["count"] : []),
    ...attributes.map(({ name }) => name),
    ...(has.clusters ? ["cluster"] : []),
    ...(has.map ? ["x", "y"] : []),
  ];
  const names = [...new Set(wanted)];
  const columns = await Promise.all(names.map((name) => run.column(name)));
  const lines = [["key", ...names].map(field).join(",")];
  for (let start = 0; start < ids.length; start += BUNCH) {
    const bunch = [...ids.subarray(start, start + BUNCH)];
    const keys = await run.keys(bunch);
    for (const [place, id] of bunch.entries()) {
      lines.push([field(keys[place] ?? ""), ...columns.map((column) => textOf(column, id))].join(","));
    }
  }
  return `${lines.join("\r\n")}\r\n`;
}

function textOf(column: Column, id: number): string {
  if (column.kind === "category") return field(column.names[column.codes[id] ?? -1] ?? "");
  const value = column.values[id];
  return value === undefined || !Number.isFinite(value) ? "" : String(Number(value.toPrecision(7)));
}

/**
 * Return a text as a field, quoted where it must be (RFC 4180).
 *
 * Spreadsheets run a text that begins like a formula; an apostrophe before it keeps it a text.
 */
export function field(text: string): string {
  const safe = /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hand a file to the person. */
export function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The download has begun with the click, but not every browser has read the data yet.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Return a run's name as the beginning of a file's name. */
export function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 80) || "firth";
}
