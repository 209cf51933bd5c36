/** Which names stand on the map and where: the more frequent first, none over another, and none that jumps about. */

export interface Candidate {
  /** Tells labels apart: an item's id, or a category's. */
  name: string;
  text: string;
  /** The place it names, and how far from it the text has to stand, in CSS pixels. */
  x: number;
  y: number;
  away: number;
  kind: "item" | "link" | "mark" | "category";
  id: number;
}

export interface Label extends Candidate {
  side: Side;
}

type Side = "right" | "left" | "above" | "below" | "over";
/** Left, top, right, bottom. */
export type Rect = readonly [left: number, top: number, right: number, bottom: number];

export const HEIGHT = { item: 15, link: 16, mark: 18, category: 24 } as const;
const SIDES: readonly Side[] = ["right", "left", "above", "below"];
const GAP = 3;

export interface Room {
  width: number;
  height: number;
  /** At most so many names of items. */
  most: number;
  /** What lies above the map. */
  taken: readonly Rect[];
}

export class Labels {
  /** The labels that stand now, by name. */
  private placed = new Map<string, Label>();

  constructor(private readonly measure: (text: string, kind: Candidate["kind"]) => number) {}

  /** Return labels for candidates, the most important first; those that stand already come before new ones. */
  place(candidates: readonly Candidate[], room: Room): Label[] {
    const { width, height, most } = room;
    const taken = [...room.taken];
    const next = new Map<string, Label>();
    const put = (candidate: Candidate, sides: readonly Side[]): void => {
      for (const side of sides) {
        const label = { ...candidate, side };
        const rect = this.rect(label);
        if (rect[0] < 2 || rect[1] < 2 || rect[2] > width - 2 || rect[3] > height - 2) continue;
        if (taken.some((other) => overlap(rect, other))) continue;
        taken.push(rect);
        next.set(candidate.name, label);
        return;
      }
    };
    const sidesOf = ({ name, kind }: Candidate): readonly Side[] => {
      if (kind === "category") return ["over"];
      const before = this.placed.get(name)?.side;
      return before === undefined || before === "over" ? SIDES : [before, ...SIDES.filter((side) => side !== before)];
    };
    const first = candidates.filter(({ kind }) => kind !== "item");
    const items = candidates.filter(({ kind }) => kind === "item");
    const kept = items.filter(({ name }) => this.placed.has(name));
    const fresh = items.filter(({ name }) => !this.placed.has(name));
    for (const candidate of [...first, ...kept, ...fresh]) {
      if (candidate.kind === "item" && next.size >= most) break;
      if (!next.has(candidate.name)) put(candidate, sidesOf(candidate));
    }
    this.placed = next;
    return [...next.values()];
  }

  private rect(label: Label): Rect {
    const [left, middle] = corner(label, this.measure(label.text, label.kind));
    const half = HEIGHT[label.kind] / 2;
    return [left - GAP, middle - half, left + this.measure(label.text, label.kind) + GAP, middle + half];
  }
}

/** Return where a label's text begins: its left end, and its middle from top to bottom. */
export function corner(label: Label, width: number): [left: number, middle: number] {
  const far = label.away + 4;
  const half = HEIGHT[label.kind] / 2;
  switch (label.side) {
    case "right":
      return [label.x + far, label.y];
    case "left":
      return [label.x - far - width, label.y];
    case "above":
      return [label.x - width / 2, label.y - label.away - half];
    case "below":
      return [label.x - width / 2, label.y + label.away + half];
    case "over":
      return [label.x - width / 2, label.y];
  }
}

function overlap(a: Rect, b: Rect): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
