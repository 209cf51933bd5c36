/** Pointer and wheel on the map, told as what a person means by them. */

export interface Meanings {
  pan(dx: number, dy: number): void;
  zoom(x: number, y: number, factor: number): void;
  /** Zoom in softly, as by a double click. */
  dive(x: number, y: number): void;
  /** The pointer is here, over nothing pressed; null: it left. */
  point(at: readonly [number, number] | null): void;
  click(x: number, y: number, isTouch: boolean): void;
  /** A lasso grows; `isDone`: it was closed. */
  draw(path: readonly (readonly [number, number])[], isDone: boolean): void;
  /** Whether dragging draws a lasso though Shift is not held. */
  isDrawing(): boolean;
}

const STILL = 4; // CSS pixels that a click may move
const TWICE_MS = 350;

/** Listen to an element; the function that comes back stops it. */
export function listen(element: HTMLElement, means: Meanings): () => void {
  const down = new Map<number, [number, number]>();
  let start: [number, number] | null = null;
  let path: [number, number][] | null = null;
  let hasMoved = false;
  let before = { at: 0, x: 0, y: 0 };

  const placeOf = (event: MouseEvent): [number, number] => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const isOwn = (event: Event): boolean => event.target instanceof HTMLCanvasElement;

  const onDown = (event: PointerEvent): void => {
    if (!isOwn(event) || (event.pointerType === "mouse" && event.button !== 0)) return;
    element.setPointerCapture(event.pointerId);
    const at = placeOf(event);
    down.set(event.pointerId, at);
    if (down.size > 1) {
      path = null;
      hasMoved = true;
      means.draw([], false);
      return;
    }
    [start, hasMoved] = [at, false];
    path = event.shiftKey || means.isDrawing() ? [at] : null;
  };

  const onMove = (event: PointerEvent): void => {
    const at = placeOf(event);
    const last = down.get(event.pointerId);
    if (last === undefined) {
      if (isOwn(event) && event.pointerType !== "touch") means.point(at);
      return;
    }
    if (down.size === 2) {
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1] ?? at;
      const [was, is] = [
        Math.hypot(last[0] - other[0], last[1] - other[1]),
        Math.hypot(at[0] - other[0], at[1] - other[1]),
      ];
      means.pan((at[0] - last[0]) / 2, (at[1] - last[1]) / 2);
      if (was > 0 && is > 0) means.zoom((at[0] + other[0]) / 2, (at[1] + other[1]) / 2, is / was);
    } else if (start !== null && (hasMoved || Math.hypot(at[0] - start[0], at[1] - start[1]) > STILL)) {
      if (!hasMoved) means.point(null);
      hasMoved = true;
      if (path !== null) {
        path.push(at);
        means.draw(path, false);
      } else means.pan(at[0] - last[0], at[1] - last[1]);
    } else return;
    down.set(event.pointerId, at);
  };

  const onUp = (event: PointerEvent): void => {
    if (!down.delete(event.pointerId) || down.size > 0) return;
    const at = placeOf(event);
    if (path !== null && hasMoved) means.draw(path, true);
    else if (!hasMoved) {
      const isTwice = event.timeStamp - before.at < TWICE_MS && Math.hypot(at[0] - before.x, at[1] - before.y) < 20;
      if (isTwice) means.dive(...at);
      else means.click(...at, event.pointerType === "touch");
      before = isTwice ? { at: 0, x: 0, y: 0 } : { at: event.timeStamp, x: at[0], y: at[1] };
    }
    [start, path] = [null, null];
  };

  const onCancel = (event: PointerEvent): void => {
    down.delete(event.pointerId);
    [start, path] = [null, null];
    means.draw([], false);
  };

  const onWheel = (event: WheelEvent): void => {
    if (!isOwn(event)) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const amount = Math.min(240, Math.max(-240, event.deltaY * lines));
    means.zoom(...placeOf(event), Math.exp(-amount * (event.ctrlKey ? 0.01 : 0.002)));
  };

  const onLeave = (): void => {
    if (down.size === 0) means.point(null);
  };

  element.addEventListener("pointerdown", onDown);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerup", onUp);
  element.addEventListener("pointercancel", onCancel);
  element.addEventListener("pointerleave", onLeave);
  element.addEventListener("wheel", onWheel, { passive: false });
  return () => {
    element.removeEventListener("pointerdown", onDown);
    element.removeEventListener("pointermove", onMove);
    element.removeEventListener("pointerup", onUp);
    element.removeEventListener("pointercancel", onCancel);
    element.removeEventListener("pointerleave", onLeave);
    element.removeEventListener("wheel", onWheel);
  };
}
