/** Points on a plain canvas, for browsers without WebGL 2: discs, thinned to what draws in time. */

import { NOWHERE } from "./places";
import type { Picture, Renderer, Shade } from "./renderer";
import { SIZE_UNIT } from "./shaders";

const MOST = 20_000;

export class CanvasRenderer implements Renderer {
  readonly kind = "canvas2d";
  private readonly context: CanvasRenderingContext2D;
  private xy = new Float32Array();
  private looks = new Uint8Array();
  private colors: string[] = [];
  private palette = new Uint8Array(1024);
  private order = new Uint32Array();
  private shade: { box: Shade["box"]; image: HTMLCanvasElement } | null = null;
  private width = 1;
  private height = 1;
  private cost = 0;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("this browser has neither WebGL 2 nor a canvas.");
    this.context = context;
  }

  setPlaces(xy: Float32Array): void {
    this.xy = new Float32Array(xy);
  }

  setLooks(looks: Uint8Array): void {
    this.looks = new Uint8Array(looks);
  }

  setPalette(palette: Uint8Array): void {
    this.palette = new Uint8Array(palette);
    this.colors = Array.from(
      { length: 256 },
      (_, i) => `rgb(${palette[4 * i]} ${palette[4 * i + 1]} ${palette[4 * i + 2]})`,
    );
  }

  setOrder(order: Uint32Array): void {
    this.order = new Uint32Array(order);
  }

  setShade(shade: Shade | null): void {
    this.shade = null;
    if (shade === null) return;
    const image = document.createElement("canvas");
    image.width = shade.columns;
    image.height = shade.rows;
    const pixels = new Uint8ClampedArray(shade.pixels);
    for (let i = 0; i < pixels.length; i += 4) {
      const alpha = (pixels[i + 3] ?? 0) / 255;
      for (let c = 0; alpha > 0 && c < 3; c++) pixels[i + c] = (pixels[i + c] ?? 0) / alpha;
    }
    image.getContext("2d")?.putImageData(new ImageData(pixels, shade.columns, shade.rows), 0, 0);
    this.shade = { box: shade.box, image };
  }

  resize(width: number, height: number, ratio: number): void {
    [this.width, this.height] = [width, height];
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  draw(picture: Picture): void {
    const start = performance.now();
    const { context, order, xy, looks } = this;
    const { scale } = picture;
    context.globalAlpha = 1;
    context.clearRect(0, 0, this.width, this.height);
    const toX = (x: number): number => this.width / 2 + (x - picture.x) * scale;
    const toY = (y: number): number => this.height / 2 - (y - picture.y) * scale;
    if (this.shade !== null && picture.shadeOpacity > 0) {
      const [left, bottom, right, top] = this.shade.box;
      context.save();
      context.globalAlpha = picture.shadeOpacity;
      context.translate(0, toY(bottom));
      context.scale(1, -1);
      context.drawImage(this.shade.image, toX(left), 0, (right - left) * scale, (top - bottom) * scale);
      context.restore();
    }
    const n = Math.min(order.length, picture.limit, MOST);
    for (let i = order.length - n; i < order.length; i++) {
      const id = order[i] as number;
      const [code, size, alpha] = [looks[4 * id] ?? 0, looks[4 * id + 1] ?? 0, looks[4 * id + 2] ?? 0];
      if (alpha === 0 || this.palette[4 * code + 3] === 0 || xy[2 * id] === NOWHERE) continue;
      const [x, y] = [toX(xy[2 * id] as number), toY(xy[2 * id + 1] as number)];
      const r = Math.max(0.7, (picture.radius * size) / SIZE_UNIT);
      if (x < -r || y < -r || x > this.width + r || y > this.height + r) continue;
      context.globalAlpha = (picture.opacity * alpha) / 255;
      context.fillStyle = this.colors[code] ?? "gray";
      context.beginPath();
      context.arc(x, y, r, 0, 2 * Math.PI);
      context.fill();
    }
    this.cost = performance.now() - start;
  }

  measure(tell: (cost: number) => void): void {
    tell(this.cost);
  }

  dispose(): void {
    this.shade = null;
  }
}
