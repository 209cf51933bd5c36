/** Which names a map would like to show: what is marked, categories when far, and the most frequent items in view. */

import type { Candidate, Label, Labels } from "./labels";
import type { MapScene } from "./scene.svelte";
import { oneLine } from "./text";

const CANDIDATES = 400;
const AREA = 7500; // CSS pixels of the map to a name

export interface Named {
  labels: Label[];
  /** Items whose names are not known. */
  wanted: number[];
}

/** Return the labels that have room, and the items whose names would be needed for more. */
export function name(scene: MapScene, placer: Labels, nameOf: (id: number) => string | undefined): Named {
  const { camera, marks } = scene;
  const { width, height } = camera;
  const wanted: number[] = [];
  const candidates: Candidate[] = [];
  const add = (id: number, kind: Candidate["kind"]): void => {
    const spot = scene.spot(id);
    if (spot === null || spot.x < 0 || spot.y < 0 || spot.x > width || spot.y > height) return;
    const key = nameOf(id);
    if (key === undefined) wanted.push(id);
    else candidates.push({ name: `item ${id}`, text: oneLine(key), x: spot.x, y: spot.y, away: spot.radius, kind, id });
  };
  for (const id of [marks.selected, marks.isTold ? null : marks.hovered]) if (id !== null) add(id, "mark");
  for (const id of marks.linked) add(id, "link");
  const nMarked = candidates.length;
  candidates.push(...categories(scene));
  const most = Math.round((width * height) / AREA) + nMarked;
  for (const id of scene.seen(CANDIDATES)) add(id, "item");
  return {
    labels: placer.place(candidates, { width, height, most, taken: scene.covered }),
    wanted: wanted.slice(0, 3 * most),
  };
}

/** Return names of categories where their items are, the largest first, while the map is seen from afar. */
function categories({ camera, categories: { anchors, names } }: MapScene): Candidate[] {
  if (camera.zoom > 3.5) return [];
  const most = Math.round((camera.width * camera.height) / 30_000) + 3;
  return anchors.slice(0, most).map(({ code, x, y }) => {
    const [left, top] = camera.toScreen(x, y);
    return {
      name: `category ${code}`,
      text: oneLine(names[code] ?? "", 28),
      x: left,
      y: top,
      away: 0,
      kind: "category",
      id: code,
    };
  });
}

/** Return a label where what it names is now. */
export function follow(scene: MapScene, label: Label): Label {
  if (label.kind === "category") {
    const anchor = scene.categories.anchors.find(({ code }) => code === label.id);
    if (anchor === undefined) return label;
    const [x, y] = scene.camera.toScreen(anchor.x, anchor.y);
    return { ...label, x, y };
  }
  const spot = scene.spot(label.id);
  return spot === null ? label : { ...label, x: spot.x, y: spot.y, away: spot.radius };
}
