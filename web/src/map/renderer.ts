/** What draws the points and the density below them: WebGL 2 where there is one, else a plain canvas. */

import type { Box } from "./camera";

export interface Shade {
  box: Box;
  columns: number;
  rows: number;
  /** Premultiplied RGBA, rows from the bottom. */
  pixels: Uint8Array<ArrayBuffer>;
}

export interface Picture {
  /** The middle of what is seen, in drawn units, and CSS pixels per unit. */
  x: number;
  y: number;
  scale: number;
  /** How far items have moved from their former places, 0 to 1. */
  moved: number;
  /** CSS pixels of an item of size 1. */
  radius: number;
  opacity: number;
  shadeOpacity: number;
  /** At most so many of the items in order are drawn: the last, which are the most frequent. */
  limit: number;
  rim: readonly [number, number, number];
}

export interface Renderer {
  readonly kind: "webgl2" | "canvas2d";
  /** Places of all items, x and y in turn; `from`: where they were, if they move. */
  setPlaces(xy: Float32Array, from: Float32Array | null): void;
  /** Four bytes an item: place in the palette, size, opacity, nothing. */
  setLooks(looks: Uint8Array): void;
  /** 256 colours, RGBA, not premultiplied. */
  setPalette(palette: Uint8Array): void;
  /** Ids in the order they are drawn, the most frequent last. */
  setOrder(order: Uint32Array): void;
  setShade(shade: Shade | null): void;
  resize(width: number, height: number, ratio: number): void;
  draw(picture: Picture): void;
  /** Wait until what was drawn is on the screen; the milliseconds that it took are told. */
  measure(tell: (cost: number) => void): void;
  dispose(): void;
}
