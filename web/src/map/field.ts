/** Items on the screen: where each is, which one is under a pixel, which are in view. */

import type KDBush from "kdbush";
import { Camera } from "./camera";
import { HIDDEN_CODE } from "./colouring";
import { Motion } from "./motion";
import type { Spot } from "./overlay";
import { NOWHERE, type Places } from "./places";
import { SIZE_UNIT } from "./shaders";
import type { Sight } from "./sight";
import { baseRadius } from "./sizes";

/** Of 255: items that are less opaque get no names. */
export const FAINT = 90;

/** What is drawn of the items, apart from where they lie. */
export interface Paint {
  /** Each item's colour in the palette; `HIDDEN_CODE`: none. */
  codes: Uint8Array;
  palette: Uint8Array;
  /** Sizes as the shaders take them, and how opaque items are, a byte each. */
  sizes: Uint8Array;
  alphas: Uint8Array;
}

export abstract class Field {
  readonly camera = new Camera();
  places: Places | null = null;
  paint: Paint | null = null;
  abstract readonly sight: Sight;
  protected index: KDBush | null = null;
  protected readonly motion = new Motion(this.camera);

  get radius(): number {
    const { camera, places } = this;
    return baseRadius(places?.n ?? 1, camera.zoom, camera.width, camera.height);
  }

  protected radiusOf(id: number): number {
    return Math.max(0.7, (this.radius * (this.paint?.sizes[id] ?? SIZE_UNIT)) / SIZE_UNIT);
  }

  /** Return where an item is on the screen; null for one without a place. */
  spot(id: number): Spot | null {
    const { places, paint } = this;
    if (places === null || paint === null || id >= places.n || places.xy[2 * id] === NOWHERE) return null;
    const share = this.motion.progress;
    const at = (channel: 0 | 1): number => {
      const to = places.xy[2 * id + channel] as number;
      const from = this.motion.former?.[2 * id + channel] ?? to;
      return from + (to - from) * share;
    };
    const [x, y] = this.camera.toScreen(at(0), at(1));
    const color = 4 * (paint.codes[id] as number);
    const [red, green, blue] = paint.palette.subarray(color, color + 3);
    return {
      x,
      y,
      color: `rgb(${red} ${green} ${blue})`,
      radius: Math.max(0.7, (this.radius * (paint.sizes[id] as number)) / SIZE_UNIT),
    };
  }

  isShown(id: number): boolean {
    return this.paint !== null && this.paint.codes[id] !== HIDDEN_CODE;
  }

  /** Whether an item is shown and not faint beside others. */
  protected isProminent(id: number): boolean {
    return this.isShown(id) && (this.paint?.alphas[id] ?? 0) >= FAINT;
  }

  /** Return the item under a pixel or the nearest to it, null where none is near. */
  nearest(left: number, top: number, reach: number): number | null {
    if (this.index === null || this.places === null) return null;
    const { xy } = this.places;
    const { scale } = this.camera;
    const [x, y] = this.camera.toMap(left, top);
    let [best, least] = [null as number | null, Infinity];
    for (const id of this.index.within(x, y, (reach + 4 * this.radius) / scale)) {
      if (id >= this.places.n || id > this.sight.lastDrawn || !this.isShown(id)) continue;
      const away = Math.hypot((xy[2 * id] as number) - x, (xy[2 * id + 1] as number) - y) * scale;
      const edge = Math.max(0, away - this.radiusOf(id));
      if (edge > reach || edge > least || (edge === least && best !== null && best < id)) continue;
      [best, least] = [id, edge];
    }
    return best;
  }

  /** Return the shown ids within a box of drawn units, ascending. */
  within(box: readonly [number, number, number, number]): number[] {
    if (this.index === null) return [];
    const n = this.places?.n ?? 0;
    return this.index.range(...box).filter((id) => id < n && this.isShown(id));
  }

  protected isInSight(id: number | null): boolean {
    const spot = id === null ? null : this.spot(id);
    const { width, height, insets } = this.camera;
    return spot !== null && spot.x > insets[0] + 30 && spot.y > 30 && spot.x < width - 30 && spot.y < height - 30;
  }

  /** Return at most so many shown items in view, the most frequent first. */
  seen(most: number): number[] {
    const { order } = this.sight;
    const [left, bottom, right, top] = this.camera.box();
    const xy = this.places?.xy ?? new Float32Array();
    const found: number[] = [];
    for (let place = order.length - 1; place >= 0 && found.length < most; place--) {
      const id = order[place] as number;
      const [x, y] = [xy[2 * id] as number, xy[2 * id + 1] as number];
      if (x >= left && x <= right && y >= bottom && y <= top && this.isProminent(id)) found.push(id);
    }
    return found;
  }
}
