/** One map on the page: holds what is drawn, and draws it when something changed. */

import KDBush from "kdbush";
import type { View } from "../state/explorer.svelte";
import type { Look } from "./camera";
import { LIGHT, parse, type Theme } from "./colours";
import { CanvasRenderer } from "./fallback";
import { FAINT, Field, type Paint } from "./field";
import { type Label, Labels, type Rect } from "./labels";
import { follow, name } from "./naming";
import { Overlay, type Spot } from "./overlay";
import { normalise, type Places } from "./places";
import type { Renderer } from "./renderer";
import { Sight } from "./sight";
import type { Anchor } from "./spatial";
import { SpatialClient } from "./spatial-client";
import { createWebGL } from "./webgl";

const SETTLED_MS = 140;
const RELABEL_MS = 120;
const NEAR = 4; // zoom at which a visited item is seen among its neighbours

export interface Marks {
  selected: number | null;
  hovered: number | null;
  /** Whether a tooltip says what is pointed at, so that no name has to. */
  isTold: boolean;
  linked: readonly number[];
}

/** What the scene tells its owner. */
export interface Listener {
  /** Nothing moves any more. */
  settled(): void;
  /** Names are wanted of these items, the most frequent first. */
  wanted(ids: number[]): void;
  /** Return an item's name for a label, if it is known. */
  nameOf(id: number): string | undefined;
}

export class MapScene extends Field {
  /** Whether the first picture is drawn, and how many items are in view. */
  isReady = $state(false);
  total = $state(0);
  kind = $state<Renderer["kind"]>("webgl2");
  /** Rises whenever what is seen changed, for what hangs on places on the screen. */
  changes = $state(0);
  theme: Theme = LIGHT;
  accent = "#000000";
  lasso: readonly (readonly [number, number])[] = [];
  marks: Marks = { selected: null, hovered: null, isTold: false, linked: [] };
  categories: { anchors: readonly Anchor[]; names: readonly string[] } = { anchors: [], names: [] };
  labels: Label[] = [];
  /** What covers the map: no names there. */
  covered: readonly Rect[] = [];
  /** Whether some items are faint, beside others that stand out. */
  private isFaded = false;
  private readonly renderer: Renderer;
  private readonly overlay: Overlay;
  private readonly namer: Labels;
  private readonly spatial = new SpatialClient();
  readonly sight: Sight;
  private frame = 0;
  private timer = 0;
  private isMoving = false;
  private labelledAt = 0;
  private looks = new Uint8Array();

  constructor(
    private readonly points: HTMLCanvasElement,
    private readonly above: HTMLCanvasElement,
    private readonly listener: Listener,
  ) {
    super();
    const isPlain = new URLSearchParams(location.search).get("renderer") === "canvas";
    this.renderer = (isPlain ? null : createWebGL(points, () => this.restore())) ?? new CanvasRenderer(points);
    this.kind = this.renderer.kind;
    this.overlay = new Overlay(above);
    this.namer = new Labels(this.overlay.measure);
    this.sight = new Sight(
      this.camera,
      this.spatial,
      this.renderer,
      (id) => this.radiusOf(id),
      () => {
        this.total = this.sight.total;
        this.labelledAt = 0;
        this.invalidate();
      },
    );
  }

  /** Put items at their places; where they were before, they move there. */
  setPlaces(x: Float32Array, y: Float32Array): void {
    const former = this.places;
    const places = normalise(x, y);
    this.places = places;
    this.camera.setPlaces(places);
    this.motion.move(former?.n === places.n ? this.motion.present(former.xy) : null);
    this.renderer.setPlaces(places.xy, this.motion.former);
    this.index = null;
    void this.spatial.place(places.xy).then((data) => {
      if (this.places === places) this.index = KDBush.from(data);
    });
    this.sight.setCount(places.n);
    this.repaint();
  }

  setPaint(paint: Paint): void {
    this.paint = paint;
    this.isFaded = paint.alphas.some((alpha) => alpha < FAINT);
    this.repaint();
  }

  /** Return places amid most of each category's items. */
  anchors(full: Int32Array, nCategories: number): Promise<Anchor[]> {
    return this.spatial.anchors(full, nCategories);
  }

  private repaint(): void {
    const { paint, places } = this;
    if (paint === null || places === null || paint.codes.length !== places.n) return;
    if (this.looks.length !== 4 * places.n) this.looks = new Uint8Array(4 * places.n);
    const { looks } = this;
    const { codes, sizes, alphas } = paint;
    for (let i = 0; i < codes.length; i++) {
      looks[4 * i] = codes[i] as number;
      looks[4 * i + 1] = sizes[i] as number;
      looks[4 * i + 2] = alphas[i] as number;
    }
    this.renderer.setLooks(looks);
    this.renderer.setPalette(paint.palette);
    void this.spatial.paint(codes, paint.palette);
    this.sight.forget();
    this.invalidate();
  }

  private restore(): void {
    if (this.places === null || this.paint === null) return;
    this.renderer.setPlaces(this.places.xy, null);
    this.sight.restore();
    this.repaint();
  }

  /** Keep the whole map clear of what covers so many pixels on the left and on the right. */
  setInsets(left: number, right: number): void {
    this.camera.insets = [left, right];
    this.sight.forget();
    this.stir();
  }

  resize(width: number, height: number): void {
    if (width === 0 || height === 0) return;
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    const wasSeen = this.isInSight(this.marks.selected);
    [this.camera.width, this.camera.height] = [width, height];
    this.renderer.resize(width, height, ratio);
    this.overlay.resize(width, height, ratio);
    this.moved();
    cancelAnimationFrame(this.frame);
    this.draw(); // at once: a canvas that was resized is blank
    if (wasSeen && this.marks.selected !== null) this.visit(this.marks.selected, true);
  }

  /** Say that the camera was moved by hand. */
  private moved(): void {
    this.motion.stop();
    this.stir();
  }

  drag(dx: number, dy: number): void {
    this.camera.panBy(dx, dy);
    this.moved();
  }

  zoomAt(left: number, top: number, factor: number): void {
    this.camera.zoomAt(left, top, factor);
    this.moved();
  }

  private stir(): void {
    this.isMoving = true;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.settle(), SETTLED_MS);
    this.invalidate();
  }

  setCovered(covered: readonly Rect[]): void {
    this.covered = covered;
    this.relabelSoon();
  }

  private settle(): void {
    if (this.motion.isOn) {
      this.stir(); // pictures take longer than the wait
      return;
    }
    this.isMoving = false;
    this.labelledAt = 0;
    this.invalidate();
    this.listener.settled();
  }

  /** Move the camera to a look, softly unless motion is not wanted. */
  fly(to: Look, length = 550): void {
    this.motion.fly(to, length);
    this.stir();
  }

  /** Where the camera is going, or is. */
  get goal(): Look {
    return this.motion.goal;
  }

  /** Look at once at what a link says. */
  look(view: View | null): void {
    if (this.places === null) return;
    this.camera.set(asLook(view, this.places));
    this.moved();
  }

  /** Go to a view, unless the map is there already or on its way there. */
  travel(view: View | null): void {
    if (this.places === null) return;
    const to = asLook(view, this.places);
    const { x, y, zoom } = this.motion.goal;
    const away = Math.hypot(to.x - x, to.y - y) * this.camera.scale;
    if (away > 1 || Math.abs(Math.log(to.zoom / zoom)) > 1e-3) this.fly(to);
  }

  /** Show an item: nearer, or where `isLight` only if it is out of sight. */
  visit(id: number, isLight: boolean): void {
    if (this.places === null || this.spot(id) === null) return;
    const { camera } = this;
    if (this.isInSight(id) && (isLight || camera.zoom >= NEAR / 2)) return;
    const [x, y] = [this.places.xy[2 * id] as number, this.places.xy[2 * id + 1] as number];
    this.fly({ x, y, zoom: isLight ? camera.zoom : Math.max(camera.zoom, NEAR) });
  }

  invalidate(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const { places, paint, camera } = this;
    if (places === null || paint === null || camera.width <= 1) return;
    const now = performance.now();
    if (this.motion.advance(now)) this.renderer.setPlaces(places.xy, null);
    this.sight.look(this.isMoving);
    const radius = this.radius;
    const [x, y] = camera.centre;
    this.renderer.draw({
      x,
      y,
      scale: camera.scale,
      moved: this.motion.progress,
      radius,
      opacity: this.sight.opacity(radius),
      shadeOpacity: this.sight.shadeOpacity(radius) * (this.isFaded ? 0.25 : 1),
      limit: this.sight.limit(this.isMoving),
      rim: parse(this.theme.paper).map((channel) => channel / 255) as [number, number, number],
    });
    this.renderer.measure((cost) => this.sight.learn(cost, this.isMoving));
    if (now - this.labelledAt > RELABEL_MS) {
      this.labelledAt = now;
      this.relabel();
    }
    this.drawOverlay();
    this.changes++;
    if (!this.isReady && this.sight.isKnown) this.isReady = true;
    if (this.motion.isOn) this.stir();
  }

  /** Choose the names anew with the next picture. */
  relabelSoon(): void {
    this.labelledAt = 0;
    this.invalidate();
  }

  private relabel(): void {
    const { labels, wanted } = name(this, this.namer, (id) => this.listener.nameOf(id));
    this.labels = labels;
    if (wanted.length > 0) this.listener.wanted(wanted);
  }

  private drawOverlay(): void {
    const { camera, marks } = this;
    const spotOf = (id: number | null): Spot | null => (id === null ? null : this.spot(id));
    const labels = this.labels.map((label) => follow(this, label));
    this.overlay.draw({
      width: camera.width,
      height: camera.height,
      theme: this.theme,
      accent: this.accent,
      labels,
      selected: spotOf(marks.selected),
      hovered: spotOf(marks.hovered),
      linked: marks.linked.map(spotOf).filter((spot) => spot !== null),
      lasso: this.lasso,
    });
  }

  setCategories(anchors: readonly Anchor[], names: readonly string[]): void {
    this.categories = { anchors, names };
    this.relabelSoon();
  }

  setMarks(marks: Marks): void {
    this.marks = marks;
    this.relabelSoon();
  }

  /** Draw at once, and return the canvases, which can be read in the same turn only. */
  layers(): HTMLCanvasElement[] {
    cancelAnimationFrame(this.frame);
    this.draw();
    return [this.points, this.above];
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    window.clearTimeout(this.timer);
    this.renderer.dispose();
    this.spatial.dispose();
  }
}

function asLook(view: View | null, { middle, half }: Places): Look {
  if (view === null) return { x: 0, y: 0, zoom: 1 };
  return { x: (view.x - middle[0]) / half, y: (view.y - middle[1]) / half, zoom: view.zoom };
}
