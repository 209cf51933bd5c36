/** Asks Spatial, in a worker of its own where the browser lets one start, else in the page. */

import { type Anchor, type Ask, type Seen, Spatial } from "./spatial";
import { answerTo, type Request } from "./spatial-requests";

interface Waiting {
  request: Request;
  transfer: Transferable[];
  tell: (answer: unknown) => void;
}

/** Nothing is sent before the worker has said that it runs: what was handed over to one that never starts is lost. */
export class SpatialClient {
  private worker: Worker | null = null;
  private here: Spatial | null = null;
  private isReady = false;
  private readonly queue: number[] = [];
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  constructor() {
    try {
      const worker = new Worker(new URL("./spatial.worker.ts", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }: MessageEvent<{ id: number; answer: unknown }>) => this.hear(data.id, data.answer);
      worker.onerror = (event) => {
        event.preventDefault();
        this.stayHere();
      };
      this.worker = worker;
    } catch {
      this.stayHere();
    }
  }

  /** Keep these places; the index of them comes back. They are copied, as the page needs them too. */
  place(xy: Float32Array): Promise<ArrayBuffer> {
    const copy = xy.slice();
    return this.ask({ kind: "place", xy: copy }, [copy.buffer]) as Promise<ArrayBuffer>;
  }

  paint(codes: Uint8Array, palette: Uint8Array): Promise<void> {
    const copy = codes.slice();
    return this.ask({ kind: "paint", codes: copy, palette }, [copy.buffer]) as Promise<void>;
  }

  see(ask: Ask): Promise<Seen> {
    return this.ask({ kind: "see", ask }) as Promise<Seen>;
  }

  anchors(full: Int32Array, nCategories: number): Promise<Anchor[]> {
    return this.ask({ kind: "anchors", full, nCategories }) as Promise<Anchor[]>;
  }

  dispose(): void {
    this.worker?.terminate();
    this.waiting.clear();
  }

  private ask(request: Request, transfer: Transferable[] = []): Promise<unknown> {
    return new Promise((tell) => {
      const id = ++this.last;
      this.waiting.set(id, { request, transfer, tell });
      this.queue.push(id);
      if (this.isReady || this.here !== null) this.send();
    });
  }

  private send(): void {
    for (const id of this.queue.splice(0)) {
      const asked = this.waiting.get(id);
      if (asked === undefined) continue;
      if (this.here !== null) {
        const here = this.here;
        setTimeout(() => this.hear(id, answerTo(here, asked.request)[0]));
      } else this.worker?.postMessage({ id, request: asked.request }, asked.transfer);
    }
  }

  private hear(id: number, answer: unknown): void {
    if (id === 0) {
      this.isReady = true;
      this.send();
      return;
    }
    const asked = this.waiting.get(id);
    this.waiting.delete(id);
    asked?.tell(answer);
  }

  private stayHere(): void {
    if (this.isReady) return; // an error in an answer; the worker lives
    this.worker?.terminate();
    this.worker = null;
    this.here = new Spatial();
    this.send();
  }
}
