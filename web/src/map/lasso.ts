/** Which items lie within a line drawn around them. */

import type { Camera } from "./camera";
import type { MapScene } from "./scene.svelte";

type Point = readonly [number, number];

/** Return the ids of the shown items within a closed path on the screen, ascending. */
export function inside(scene: MapScene, path: readonly Point[]): Int32Array {
  const { xy } = scene.places ?? { xy: new Float32Array() };
  const corners = path.map(([left, top]) => scene.camera.toMap(left, top));
  if (corners.length < 3) return new Int32Array();
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] as const;
  const found = scene.within(box).filter((id) => contains(corners, xy[2 * id] as number, xy[2 * id + 1] as number));
  return Int32Array.from(found).sort();
}

/** Return the ids of the shown items that are in view, ascending. */
export function inView(scene: MapScene, camera: Camera = scene.camera): Int32Array {
  return Int32Array.from(scene.within(camera.box())).sort();
}

/** Whether a point lies within a polygon: a ray from it crosses the sides an odd number of times. */
export function contains(corners: readonly Point[], x: number, y: number): boolean {
  let isInside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [ax, ay] = corners[i] as Point;
    const [bx, by] = corners[j] as Point;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
  }
  return isInside;
}
