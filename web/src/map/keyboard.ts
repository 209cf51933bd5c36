/** Keys on the map, told as what a person means by them. */

export interface Commands {
  /** Move what is seen by shares of its size. */
  pan(right: number, up: number): void;
  zoom(factor: number): void;
  whole(): void;
  /** Point at the next item, or go back to the one before. */
  walk(forward: boolean): void;
  /** Point at the nearest item in a direction. */
  toward(right: number, up: number): void;
  /** Select the item that is pointed at. */
  choose(): void;
  /** Take back one thing: pointing, then the lasso, then the selected item. */
  clear(): void;
  drawLasso(): void;
  selectSeen(): void;
  collect(): void;
}

const STEP = 0.12;
const DIRECTIONS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** What `?` shows: keys, and what they do. */
export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["← → ↑ ↓", "move the map"],
  ["Shift + arrow", "point at the nearest item in that direction"],
  ["n, p", "point at the next item, at the one before"],
  ["Enter", "select the item that is pointed at"],
  ["b", "put it into the basket"],
  ["+, −", "zoom"],
  ["0", "show the whole map"],
  ["l", "draw a lasso with the pointer"],
  ["v", "select all items that are in view"],
  ["Esc", "clear what is pointed at, the lasso, the selection"],
];

/** Carry out what a key means; whether it means anything. */
export function onKey(event: KeyboardEvent, commands: Commands): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const direction = DIRECTIONS[event.key];
  if (direction !== undefined) {
    if (event.shiftKey) commands.toward(...direction);
    else commands.pan(direction[0] * STEP, direction[1] * STEP);
    return true;
  }
  const command = commandOf(event.key, commands);
  command?.();
  return command !== null;
}

function commandOf(key: string, commands: Commands): (() => void) | null {
  switch (key) {
    case "+":
    case "=":
      return () => commands.zoom(1.4);
    case "-":
    case "_":
      return () => commands.zoom(1 / 1.4);
    case "0":
    case "Home":
      return () => commands.whole();
    case "n":
      return () => commands.walk(true);
    case "p":
      return () => commands.walk(false);
    case "Enter":
    case " ":
      return () => commands.choose();
    case "Escape":
      return () => commands.clear();
    case "l":
      return () => commands.drawLasso();
    case "v":
      return () => commands.selectSeen();
    case "b":
      return () => commands.collect();
    default:
      return null;
  }
}
