/** What can be asked of Spatial as messages, and which arrays an answer hands over. */

import type { Ask, Spatial } from "./spatial";

export type Request =
  | { kind: "place"; xy: Float32Array<ArrayBuffer> }
  | { kind: "paint"; codes: Uint8Array<ArrayBuffer>; palette: Uint8Array }
  | { kind: "see"; ask: Ask }
  | { kind: "anchors"; full: Int32Array; nCategories: number };

export function answerTo(spatial: Spatial, request: Request): [answer: unknown, transfer: Transferable[]] {
  switch (request.kind) {
    case "place": {
      const index = spatial.place(request.xy);
      return [index, [index]];
    }
    case "paint":
      return [spatial.paint(request.codes, request.palette), []];
    case "see": {
      const seen = spatial.see(request.ask);
      return [seen, [seen.order.buffer, ...(seen.shade === null ? [] : [seen.shade.pixels.buffer])]];
    }
    case "anchors":
      return [spatial.anchors(request.full, request.nCategories), []];
  }
}
