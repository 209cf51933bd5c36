/** What part of the map is seen: drawn units to pixels and back. No events, no drawing. */

import type { View } from "../state/explorer.svelte";
import type { Places } from "./places";

export type Box = readonly [left: number, bottom: number, right: number, top: number];

const MARGIN = 0.92;
const ZOOM_OUT = 0.6;

export class Camera {
  /** The middle of what is seen, in drawn units, and how many times it is enlarged against the whole. */
  x = 0;
  y = 0;
  zoom = 1;
  /** CSS pixels. */
  width = 1;
  height = 1;
  /** CSS pixels on the left and on the right that something else covers: the whole map fits between them. */
  insets: readonly [number, number] = [0, 0];
  reach: readonly [number, number] = [1, 1];
  maxZoom = 100;

  setPlaces(places: Places): void {
    this.reach = places.reach;
    this.maxZoom = Math.min(4000, Math.max(20, 4 * Math.sqrt(places.n)));
  }

  /** CSS pixels per drawn unit. */
  get scale(): number {
    const [wide, high] = [Math.max(this.reach[0], 0.05), Math.max(this.reach[1], 0.05)];
    return Math.max(1e-6, Math.min(this.room / (2 * wide), this.height / (2 * high)) * MARGIN * this.zoom);
  }

  get isWhole(): boolean {
    return this.x === 0 && this.y === 0 && this.zoom === 1;
  }

  private get room(): number {
    return Math.max(1, this.width - this.insets[0] - this.insets[1]);
  }

  private get middle(): number {
    return this.insets[0] + this.room / 2;
  }

  /** What lies in the middle of all the pixels. */
  get centre(): [number, number] {
    return this.toMap(this.width / 2, this.height / 2);
  }

  toScreen(x: number, y: number): [number, number] {
    const scale = this.scale;
    return [this.middle + (x - this.x) * scale, this.height / 2 - (y - this.y) * scale];
  }

  toMap(left: number, top: number): [number, number] {
    const scale = this.scale;
    return [this.x + (left - this.middle) / scale, this.y - (top - this.height / 2) / scale];
  }

  /** Return what is seen, with a margin of so many times its size on each side. */
  box(margin = 0): Box {
    const [x, y] = this.centre;
    const reach = (0.5 + margin) / this.scale;
    return [x - this.width * reach, y - this.height * reach, x + this.width * reach, y + this.height * reach];
  }

  clamp(zoom: number): number {
    return Math.min(this.maxZoom, Math.max(ZOOM_OUT, zoom));
  }

  set(view: { x: number; y: number; zoom: number }): void {
    this.zoom = this.clamp(view.zoom);
    this.x = Math.min(1.2, Math.max(-1.2, view.x));
    this.y = Math.min(1.2, Math.max(-1.2, view.y));
  }

  panBy(dx: number, dy: number): void {
    const scale = this.scale;
    this.set({ x: this.x - dx / scale, y: this.y + dy / scale, zoom: this.zoom });
  }

  /** Zoom so that what lies under a pixel stays there. */
  zoomAt(left: number, top: number, factor: number): void {
    const [x, y] = this.toMap(left, top);
    this.set({ x: this.x, y: this.y, zoom: this.zoom * factor });
    const [nx, ny] = this.toMap(left, top);
    this.set({ x: this.x + x - nx, y: this.y + y - ny, zoom: this.zoom });
  }

  /** Return what is seen in the map's own units; null: the whole. */
  view(places: Places): View | null {
    if (this.isWhole) return null;
    return {
      x: places.middle[0] + this.x * places.half,
      y: places.middle[1] + this.y * places.half,
      zoom: this.zoom,
    };
  }
}

export interface Look {
  x: number;
  y: number;
  zoom: number;
}

/** Return the look at a share of the way: zoom changes by ratio, and the place moves evenly on the screen. */
export function between(from: Look, to: Look, share: number): Look {
  const eased = share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2;
  const zoom = from.zoom * (to.zoom / from.zoom) ** eased;
  // Where zoom changes, moving evenly in map units would rush at one end.
  const ratio = to.zoom / from.zoom;
  const moved = Math.abs(ratio - 1) < 1e-3 ? eased : (1 - from.zoom / zoom) / (1 - 1 / ratio);
  return { x: from.x + (to.x - from.x) * moved, y: from.y + (to.y - from.y) * moved, zoom };
}
