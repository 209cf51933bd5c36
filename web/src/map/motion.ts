/** What moves by itself: the camera on its way to a place, and items on their way to theirs. */

import { between, type Camera, type Look } from "./camera";

const SHIFT_MS = 450;

export class Motion {
  private flight: { from: Look; to: Look; start: number; length: number } | null = null;
  private shift: { from: Float32Array; start: number } | null = null;

  constructor(private readonly camera: Camera) {}

  static get isWanted(): boolean {
    return !matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  get isOn(): boolean {
    return this.flight !== null || this.shift !== null;
  }

  /** Where the camera is going, or is. */
  get goal(): Look {
    const { x, y, zoom } = this.camera;
    return this.flight?.to ?? { x, y, zoom };
  }

  /** Where items come from; null: they stand still. */
  get former(): Float32Array | null {
    return this.shift?.from ?? null;
  }

  fly(to: Look, length: number): void {
    const { x, y, zoom } = this.camera;
    if (Motion.isWanted && length > 0) this.flight = { from: { x, y, zoom }, to, start: performance.now(), length };
    else {
      this.flight = null;
      this.camera.set(to);
    }
  }

  stop(): void {
    this.flight = null;
  }

  move(from: Float32Array | null): void {
    this.shift = from !== null && Motion.isWanted ? { from, start: performance.now() } : null;
  }

  /** Return where items are now on their way to their places. */
  present(to: Float32Array): Float32Array {
    const { former, progress } = this;
    if (former === null || progress === 1) return to;
    return to.map((place, i) => (former[i] as number) + (place - (former[i] as number)) * progress);
  }

  /** Go on; whether items have just arrived. */
  advance(now: number): boolean {
    if (this.flight !== null) {
      const { from, to, start, length } = this.flight;
      const share = Math.min(1, Math.max(0, (now - start) / length));
      this.camera.set(share === 1 ? to : between(from, to, share));
      if (share === 1) this.flight = null;
    }
    if (this.shift === null || now - this.shift.start < SHIFT_MS) return false;
    this.shift = null;
    return true;
  }

  /** How far items have come, from 0 to 1. */
  get progress(): number {
    if (this.shift === null) return 1;
    const share = Math.min(1, Math.max(0, (performance.now() - this.shift.start) / SHIFT_MS));
    return share * share * (3 - 2 * share);
  }
}
