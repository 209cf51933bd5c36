/** What a person points at on one map, with the pointer or with keys, and what comes of it. */

import type { Explorer, RunState } from "../state/explorer.svelte";
import { inside, inView } from "./lasso";
import type { MapScene } from "./scene.svelte";
import { Walk } from "./walk";

type Point = readonly [number, number];

export class Pointing {
  /** The item that is pointed at here, and whether by keys. */
  id = $state<number | null>(null);
  /** Whether dragging draws a lasso. */
  isDrawing = $state(false);
  /** The item that was selected here last: this map need not travel to it. */
  chosen: string | null = null;
  private readonly walk: Walk;

  constructor(
    private readonly scene: MapScene,
    private readonly explorer: Explorer,
    private readonly run: RunState,
  ) {
    this.walk = new Walk(scene);
  }

  point(id: number | null): void {
    if (id === this.id) return;
    this.id = id;
    if (id === null) {
      this.explorer.hovered = null;
      return;
    }
    this.run.keys([id]).then(
      ([key]) => {
        if (this.id === id && key !== undefined) this.explorer.hovered = key;
      },
      (error) => this.explorer.say(error),
    );
  }

  /** Point at the next item, or at the one before. */
  step(forward: boolean): void {
    this.point((forward ? this.walk.next(this.id ?? this.scene.marks.selected) : this.walk.previous()) ?? this.id);
  }

  /** Point at the nearest item in a direction; where none is in view, move the map there. */
  toward(right: number, up: number): void {
    const found = this.walk.toward(this.id ?? this.scene.marks.selected, right, up);
    if (found !== null) this.point(found);
    else this.pan(right * 0.25, up * 0.25);
  }

  pan(right: number, up: number): void {
    const [l, b, r, t] = this.scene.camera.box();
    const { x, y, zoom } = this.scene.goal; // where earlier presses lead to
    this.scene.fly({ x: x + right * (r - l), y: y + up * (t - b), zoom }, 120);
  }

  zoom(factor: number): void {
    const spot = this.id === null ? null : this.scene.spot(this.id);
    const { width, height } = this.scene.camera;
    this.dive(spot?.x ?? width / 2, spot?.y ?? height / 2, factor, 180);
  }

  /** Zoom softly so that what lies under a pixel stays there. */
  dive(left: number, top: number, factor = 2.2, length = 300): void {
    const { camera, goal } = this.scene;
    const [x, y] = camera.toMap(left, top);
    const zoom = camera.clamp(goal.zoom * factor);
    const share = goal.zoom / zoom;
    this.scene.fly({ x: x + (goal.x - x) * share, y: y + (goal.y - y) * share, zoom }, length);
  }

  whole(): void {
    this.scene.fly({ x: 0, y: 0, zoom: 1 });
  }

  async choose(id: number | null = this.id): Promise<void> {
    if (id === null) return;
    const key = await this.keyOf(id);
    if (key === null) return;
    this.chosen = key;
    this.explorer.select(key);
  }

  /** Put the item that is pointed at, or else the selected one, into the basket. */
  async collect(): Promise<void> {
    const key = this.id === null ? this.explorer.selected : await this.keyOf(this.id);
    if (key !== null) this.explorer.addToBasket(key);
  }

  private async keyOf(id: number): Promise<string | null> {
    try {
      return (await this.run.keys([id]))[0] ?? null;
    } catch (error) {
      this.explorer.say(error);
      return null;
    }
  }

  /** Draw a lasso's path; when it is closed, select what lies within. */
  draw(path: readonly Point[], isDone: boolean): void {
    this.scene.lasso = isDone ? [] : [...path];
    if (isDone) {
      this.isDrawing = false;
      this.take(inside(this.scene, path));
    }
    this.scene.invalidate();
  }

  selectSeen(): void {
    this.take(inView(this.scene));
  }

  private take(ids: Int32Array): void {
    this.run.selection = ids;
    if (ids.length === 0) this.explorer.say("No item lies within.");
  }

  /** Take back one thing: a lasso being drawn, pointing, the selection, the selected item. */
  clear(): void {
    if (this.isDrawing) this.isDrawing = false;
    else if (this.id !== null) this.point(null);
    else if (this.run.selection.length > 0) this.run.selection = new Int32Array();
    else this.explorer.select(null);
  }
}
