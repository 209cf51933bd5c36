/** From item to item by keyboard: always to the nearest on the screen that was not visited yet. */

import type { MapScene } from "./scene.svelte";

const MOST = 4000;

export class Walk {
  private visited: number[] = [];

  constructor(private readonly scene: MapScene) {}

  /** Return the next item from one, or from the middle of the screen; null where no other is in view. */
  next(from: number | null): number | null {
    if (from === null || this.visited.at(-1) !== from) this.visited = from === null ? [] : [from];
    const been = new Set(this.visited);
    const found = this.nearest(from, (id) => !been.has(id));
    if (found !== null) this.visited.push(found);
    return found;
  }

  /** Return the item that was visited before. */
  previous(): number | null {
    if (this.visited.length > 1) this.visited.pop();
    return this.visited.at(-1) ?? null;
  }

  /** Return the nearest item in a direction, at most 45 degrees to either side of it. */
  toward(from: number | null, right: number, up: number): number | null {
    const [x, y] = this.middle(from);
    const found = this.nearest(from, (id, left, top) => {
      const [along, across] = [(left - x) * right - (top - y) * up, (left - x) * up + (top - y) * right];
      return id !== from && along > 1 && Math.abs(across) <= along;
    });
    if (found !== null) this.visited.push(found);
    return found;
  }

  private middle(from: number | null): readonly [number, number] {
    const spot = from === null ? null : this.scene.spot(from);
    const { camera } = this.scene;
    return spot === null ? camera.toScreen(camera.x, camera.y) : [spot.x, spot.y];
  }

  private nearest(from: number | null, fits: (id: number, x: number, y: number) => boolean): number | null {
    const [x, y] = this.middle(from);
    let [best, least] = [null as number | null, Number.POSITIVE_INFINITY];
    // The most frequent ones, where too many are in view to tell them apart anyway.
    for (const id of this.scene.seen(MOST)) {
      const spot = this.scene.spot(id);
      if (spot === null) continue;
      const away = Math.hypot(spot.x - x, spot.y - y);
      if (away < least && fits(id, spot.x, spot.y)) [best, least] = [id, away];
    }
    return best;
  }
}
