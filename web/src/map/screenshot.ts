/** The maps as one picture: points, names, and the legend. */

import type { RunState } from "../state/explorer.svelte";
import { type Colouring, MISSING_CODE } from "./colouring";
import { along, type Theme } from "./colours";
import { isolated, oneLine, told } from "./text";

const PAD = 16;
const LINE = 20;
const FAMILY = 'system-ui, "DejaVu Sans", sans-serif';

/** What a map hands over for a picture of it. */
export interface Shot {
  layers: HTMLCanvasElement[];
  width: number;
  height: number;
  by: Colouring | null;
  theme: Theme;
  hidden: ReadonlySet<string>;
}

/** Return the maps side by side with their legends below, as PNG. */
export function picture(runs: readonly RunState[]): Promise<Blob> {
  const shots = runs.map((run) => [run, run.shoot?.() ?? null] as const).filter(([, shot]) => shot !== null) as [
    RunState,
    Shot,
  ][];
  const first = shots[0]?.[1];
  if (first === undefined) return Promise.reject(new Error("there is no map to be pictured."));
  const ratio = (first.layers[0]?.width ?? first.width) / first.width;
  const width = shots.reduce((sum, [, shot]) => sum + shot.width, 0);
  const below = Math.max(...shots.map(([, shot]) => legendHeight(shot)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round((first.height + below + 2 * PAD + LINE) * ratio);
  const context = canvas.getContext("2d");
  if (context === null) return Promise.reject(new Error("this browser has no canvas."));
  context.scale(ratio, ratio);
  context.fillStyle = first.theme.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  let left = 0;
  for (const [run, shot] of shots) {
    context.fillStyle = shot.theme.ink;
    context.font = `700 16px ${FAMILY}`;
    context.fillText(isolated(oneLine(run.about.name, 60)), left + PAD, PAD + 8);
    for (const layer of shot.layers) context.drawImage(layer, left, LINE + PAD, shot.width, shot.height);
    drawLegend(context, shot, left + PAD, LINE + 2 * PAD + shot.height);
    left += shot.width;
  }
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob === null ? reject(new Error("the picture cannot be made.")) : resolve(blob))),
  );
}

function columnsOf({ width }: Shot): number {
  return Math.max(1, Math.floor((width - PAD) / 190));
}

function legendHeight(shot: Shot): number {
  if (shot.by?.kind === "number") return 2.5 * LINE;
  if (shot.by?.kind !== "category") return 0;
  return LINE * (1 + Math.ceil(shot.by.entries.length / columnsOf(shot)));
}

function drawLegend(context: CanvasRenderingContext2D, shot: Shot, left: number, top: number): void {
  const { by, theme } = shot;
  if (by === null || by.kind === "flat") return;
  context.font = `12px ${FAMILY}`;
  context.textBaseline = "middle";
  context.fillStyle = theme.inkSoft;
  context.fillText(isolated(oneLine(by.by)), left, top);
  if (by.kind === "number") {
    for (let i = 0; i < 200; i++) {
      context.fillStyle = `rgb(${along(theme.sequential, i / 199).join(" ")})`;
      context.fillRect(left + i, top + LINE / 2, 1, 10);
    }
    context.fillStyle = theme.ink;
    context.fillText(told(by.low), left, top + 1.7 * LINE);
    context.fillText(told(by.high), left + 200 - context.measureText(told(by.high)).width, top + 1.7 * LINE);
    return;
  }
  const columns = columnsOf(shot);
  for (const [place, entry] of by.entries.entries()) {
    const [x, y] = [left + (place % columns) * 190, top + LINE * (1 + Math.floor(place / columns))];
    context.globalAlpha = shot.hidden.has(entry.name) ? 0.3 : 1;
    context.fillStyle = entry.code === MISSING_CODE ? theme.missing : (theme.categories[entry.code] ?? theme.other);
    context.beginPath();
    context.arc(x + 5, y, 5, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = theme.ink;
    context.fillText(isolated(`${oneLine(entry.name, 18)} ${told(entry.count)}`), x + 16, y);
    context.globalAlpha = 1;
  }
}
