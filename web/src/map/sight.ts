/** How much is drawn: few enough items to stay fluent, the most frequent first, and a density for all the rest. */

import type { Box, Camera } from "./camera";
import type { Renderer } from "./renderer";
import type { Seen } from "./spatial";
import type { SpatialClient } from "./spatial-client";

const SMALL = 60_000; // so many are always drawn, wherever they are
const MOST = 400_000;
const LEAST = 20_000;
const MARGIN = 0.3; // of the view, on each side, so that a pan does not run into the void
const MOST_CELLS = 500_000;
const FEWEST = 500;
const COVER = 0.3; // of the ground that has items: more discs would hide how crowded it is
const SLOW_MS = 45;
const FAST_MS = 18;

export class Sight {
  /** How many items are in view, and whether that is known yet. */
  total = 0;
  isKnown = false;
  /** Ids above this one are in the density only. */
  lastDrawn = Number.POSITIVE_INFINITY;
  /** Ids in view, the least frequent first. */
  order: Uint32Array = new Uint32Array();
  private n = 0;
  /** How many are drawn while the map moves, and at rest; learned from how long it takes. */
  private budget = 60_000;
  private rest = 120_000;
  private asked: { box: Box; zoom: number } | null = null;
  private isAsking = false;
  private seen: Seen | null = null;

  constructor(
    private readonly camera: Camera,
    private readonly spatial: SpatialClient,
    private readonly renderer: Renderer,
    /** CSS pixels of an item. */
    private readonly radiusOf: (id: number) => number,
    private readonly changed: () => void,
  ) {}

  setCount(n: number): void {
    this.n = n;
    this.isKnown = false;
    this.lastDrawn = Number.POSITIVE_INFINITY;
    if (this.isSmall) this.renderer.setOrder(Uint32Array.from({ length: n }, (_, i) => n - 1 - i));
    this.forget();
  }

  private get isSmall(): boolean {
    return this.n <= SMALL;
  }

  /** Ask anew: places or colours have changed. */
  forget(): void {
    this.asked = null;
  }

  restore(): void {
    const { n } = this;
    if (this.isSmall) this.renderer.setOrder(Uint32Array.from({ length: n }, (_, i) => n - 1 - i));
    this.forget();
  }

  /** See to it that what is known fits what is looked at. */
  look(isMoving: boolean): void {
    if (this.isAsking || this.n === 0) return;
    const { asked, camera } = this;
    const [left, bottom, right, top] = camera.box();
    if (asked !== null) {
      const ratio = camera.zoom / asked.zoom;
      const isNear = isMoving ? ratio > 0.75 && ratio < 1.4 : ratio > 0.98 && ratio < 1.02;
      const [l, b, r, t] = asked.box;
      if (isNear && left >= l && bottom >= b && right <= r && top <= t) return;
    }
    void this.ask();
  }

  private async ask(): Promise<void> {
    const { camera } = this;
    const ask = { box: camera.box(MARGIN), zoom: camera.zoom };
    this.asked = ask;
    this.isAsking = true;
    const wide = camera.width * (1 + 2 * MARGIN);
    const high = camera.height * (1 + 2 * MARGIN);
    const spread = Math.min(20, Math.max(2, 1.6 / Math.sqrt(this.perPixel)));
    const cell = Math.max(spread / 4, 1.5, Math.sqrt((wide * high) / MOST_CELLS));
    const seen = await this.spatial.see({
      box: ask.box,
      view: camera.box(),
      limit: this.isSmall ? SMALL : Math.min(MOST, this.rest * (1 + 2 * MARGIN) ** 2),
      columns: Math.ceil(wide / cell),
      rows: Math.ceil(high / cell),
      radius: Math.max(1, Math.round(spread / cell / 1.7)),
    });
    this.isAsking = false;
    this.take(seen);
  }

  private take(seen: Seen): void {
    this.seen = seen;
    this.order = seen.order;
    this.total = seen.inView;
    this.isKnown = true;
    if (!this.isSmall) {
      this.order = this.roomFor(seen);
      this.renderer.setOrder(this.order);
      this.lastDrawn = this.order.length < seen.total ? (this.order[0] ?? 0) : Number.POSITIVE_INFINITY;
    }
    this.renderer.setShade(seen.shade);
    this.changed();
  }

  /** Return as many of the most frequent items as leave the density to be seen between them. */
  private roomFor({ order, box, filled }: Seen): Uint32Array {
    const { scale } = this.camera;
    const room = (COVER * filled * (box[2] - box[0]) * (box[3] - box[1]) * scale * scale) / Math.PI;
    let [taken, place] = [0, order.length];
    while (place > 0 && (taken < room || order.length - place < FEWEST))
      taken += this.radiusOf(order[--place] as number) ** 2;
    return order.subarray(place);
  }

  /** Items in a pixel where the map is as full as usual. */
  private get perPixel(): number {
    const [wide, high] = this.camera.reach;
    return (1.6 * Math.max(1, this.n)) / (4 * wide * high) / this.camera.scale ** 2;
  }

  /** How much of the ground the items would cover. */
  private crowd(radius: number): number {
    return this.perPixel * Math.PI * radius * radius;
  }

  opacity(radius: number): number {
    return 0.95 - 0.15 * ramp(0.3, 3, this.crowd(radius));
  }

  shadeOpacity(radius: number): number {
    return this.seen === null ? 0 : (this.isSmall ? 0.6 : 0.85) * ramp(0.02, 1.2, this.crowd(radius)) ** 0.6;
  }

  limit(isMoving: boolean): number {
    if (this.renderer.kind === "canvas2d") return isMoving ? 5000 : 20_000;
    return Math.round(isMoving ? this.budget : this.rest);
  }

  /** Learn from how many milliseconds a picture took. */
  learn(cost: number, isMoving: boolean): void {
    if (!isMoving) return;
    if (cost > SLOW_MS) this.budget = Math.max(LEAST, this.budget * 0.75);
    else if (cost < FAST_MS) this.budget = Math.min(MOST, this.budget * 1.15);
    this.rest = Math.min(MOST, Math.max(this.rest, this.budget * 2));
  }
}

function ramp(from: number, to: number, value: number): number {
  const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return share * share * (3 - 2 * share);
}
