/** Columns out of an Arrow stream, taken over as they lie in it: no value is looked at but those that are null. */

import { type Column as ArrowColumn, Type, tableFromIPC } from "@uwdata/flechette";
import type { Column } from "./answers";

/** One piece of a column, with the dictionary that its codes point into if it is of texts. */
interface Piece {
  length: number;
  nullCount: number;
  values: Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;
  isValid(index: number): boolean;
  dictionary?: ArrowColumn<string>;
}

/** Return the columns of a stream by name: numbers as float32, texts as codes into their distinct values. */
export function readColumns(bytes: Uint8Array): Map<string, Column> {
  const table = tableFromIPC(bytes);
  return new Map(table.names.map((name) => [String(name), asColumn(table.getChild(name))]));
}

function asColumn(column: ArrowColumn<unknown>): Column {
  const pieces = column.data as unknown as readonly Piece[];
  const { typeId } = column.type;
  if (typeId === Type.Dictionary) {
    const names = Array.from(pieces[0]?.dictionary?.toArray() ?? [], String);
    return { kind: "category", codes: filled(new Int32Array(column.length), pieces, -1), names };
  }
  if (typeId !== Type.Int && typeId !== Type.Float) return asNames(Array.from(column.toArray()));
  const isWhole = pieces.length === 1 && column.nullCount === 0;
  if (isWhole && pieces[0]?.values instanceof Float32Array) return { kind: "number", values: pieces[0].values };
  return { kind: "number", values: filled(new Float32Array(column.length), pieces, Number.NaN) };
}

/** Copy the numbers of all pieces, with something else where there is none. */
function filled<T extends Int32Array | Float32Array>(target: T, pieces: readonly Piece[], missing: number): T {
  let start = 0;
  for (const piece of pieces) {
    target.set(piece.values.subarray(0, piece.length), start);
    if (piece.nullCount > 0) {
      for (let i = 0; i < piece.length; i++) if (!piece.isValid(i)) target[start + i] = missing;
    }
    start += piece.length;
  }
  return target;
}

/** Texts that came one by one, such as keys. */
function asNames(values: unknown[]): Column {
  const places = new Map<unknown, number>();
  const codes = Int32Array.from(values, (value) => {
    if (value === null) return -1;
    const place = places.get(value) ?? places.size;
    places.set(value, place);
    return place;
  });
  return { kind: "category", codes, names: Array.from(places.keys(), String) };
}
