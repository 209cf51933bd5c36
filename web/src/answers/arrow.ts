/** Columns out of an Arrow stream. */

import { tableFromIPC } from "@uwdata/flechette";
import type { Column } from "./answers";

/** Return the columns of a stream by name: numbers as float32, texts as codes into their distinct values. */
export function readColumns(bytes: Uint8Array): Map<string, Column> {
  const table = tableFromIPC(bytes);
  return new Map(table.names.map((name) => [String(name), asColumn(table.getChild(name).toArray())]));
}

function asColumn(values: ArrayLike<unknown>): Column {
  if (ArrayBuffer.isView(values)) {
    return {
      kind: "number",
      values: values instanceof Float32Array ? values : Float32Array.from(values as Int32Array),
    };
  }
  const all = Array.from(values);
  if (all.some((value) => typeof value === "string")) {
    const names = [...new Set(all.filter((value) => typeof value === "string"))];
    const places = new Map(names.map((name, place) => [name, place]));
    return { kind: "category", names, codes: Int32Array.from(all, (value) => places.get(value as string) ?? -1) };
  }
  return { kind: "number", values: Float32Array.from(all, (value) => (value === null ? Number.NaN : Number(value))) };
}
