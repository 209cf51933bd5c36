/** What is drawn above the points: lines to neighbours, halos, names, and the lasso. Text goes to a canvas, never HTML. */

import type { Theme } from "./colours";
import { type Candidate, corner, type Label } from "./labels";
import { isolated } from "./text";

export interface Spot {
  x: number;
  y: number;
  radius: number;
  color: string;
}

export interface Drawing {
  width: number;
  height: number;
  theme: Theme;
  accent: string;
  labels: readonly Label[];
  selected: Spot | null;
  hovered: Spot | null;
  linked: readonly Spot[];
  lasso: readonly (readonly [number, number])[];
}

const FAMILY = 'system-ui, "DejaVu Sans", sans-serif';
const FONTS = {
  item: `500 12px ${FAMILY}`,
  link: `600 12px ${FAMILY}`,
  mark: `600 14px ${FAMILY}`,
  category: `700 17px ${FAMILY}`,
} as const;

export class Overlay {
  private readonly context: CanvasRenderingContext2D;
  private readonly widths = new Map<string, number>();

  constructor(private readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("this browser has no canvas.");
    this.context = context;
  }

  resize(width: number, height: number, ratio: number): void {
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  readonly measure = (text: string, kind: Candidate["kind"]): number => {
    const name = `${kind} ${text}`;
    let width = this.widths.get(name);
    if (width === undefined) {
      this.context.font = FONTS[kind];
      width = this.context.measureText(isolated(text)).width;
      if (this.widths.size > 5000) this.widths.clear();
      this.widths.set(name, width);
    }
    return width;
  };

  draw(drawing: Drawing): void {
    const { context } = this;
    context.clearRect(0, 0, drawing.width, drawing.height);
    context.lineJoin = "round";
    this.lines(drawing);
    for (const spot of drawing.linked) this.ring(spot, drawing.accent, drawing.theme.paper, 1.2);
    if (drawing.selected !== null) this.ring(drawing.selected, drawing.accent, drawing.theme.paper, 3);
    if (drawing.hovered !== null) this.ring(drawing.hovered, drawing.theme.ink, drawing.theme.paper, 2);
    for (const kind of ["item", "category", "link", "mark"] as const) {
      for (const label of drawing.labels) if (label.kind === kind) this.text(label, drawing.theme);
    }
    this.lasso(drawing);
  }

  private lines({ selected, linked, accent, theme }: Drawing): void {
    if (selected === null || linked.length === 0) return;
    const { context } = this;
    context.beginPath();
    for (const spot of linked) {
      context.moveTo(selected.x, selected.y);
      context.lineTo(spot.x, spot.y);
    }
    for (const [width, style, alpha] of [
      [3.5, theme.paper, 0.7],
      [1.4, accent, 0.85],
    ] as const) {
      context.lineWidth = width;
      context.strokeStyle = style;
      context.globalAlpha = alpha;
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /** Draw an item above all others, with a ring around it. */
  private ring(spot: Spot, color: string, ground: string, width: number): void {
    const { context } = this;
    const { x, y } = spot;
    const radius = Math.max(3.5, spot.radius);
    const disc = (size: number, style: string): void => {
      context.beginPath();
      context.arc(x, y, size, 0, 2 * Math.PI);
      context.fillStyle = style;
      context.fill();
    };
    disc(radius + 2.5 + width, ground);
    disc(radius + 1.5 + width, color);
    disc(radius + 1.5, ground);
    disc(radius, spot.color);
  }

  private text(label: Label, theme: Theme): void {
    const { context } = this;
    const [left, middle] = corner(label, this.measure(label.text, label.kind));
    context.font = FONTS[label.kind];
    context.direction = "ltr";
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.strokeStyle = theme.paper;
    context.lineWidth = label.kind === "item" ? 3 : 4;
    context.globalAlpha = 0.9;
    context.strokeText(isolated(label.text), left, middle);
    context.globalAlpha = 1;
    context.fillStyle = theme.ink;
    context.fillText(isolated(label.text), left, middle);
  }

  private lasso({ lasso, accent }: Drawing): void {
    const [first, ...rest] = lasso;
    if (first === undefined) return;
    const { context } = this;
    context.beginPath();
    context.moveTo(...first);
    for (const point of rest) context.lineTo(...point);
    context.closePath();
    context.globalAlpha = 0.12;
    context.fillStyle = accent;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = accent;
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
  }
}
