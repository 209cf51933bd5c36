/** Items that are dragged from one place of the page to another. */

import type { Attachment } from "svelte/attachments";

const KEY_TYPE = "application/x-firth-key";

/** Let a drag carry a key, for this page and, as text, for others. */
export function carry(event: DragEvent, key: string): void {
  if (event.dataTransfer === null) return;
  event.dataTransfer.setData(KEY_TYPE, key);
  event.dataTransfer.setData("text/plain", key);
  event.dataTransfer.effectAllowed = "copy";
}

/** Whether a drag carries a key of this page. */
export function carriesKey(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes(KEY_TYPE) ?? false;
}

/** Let an element take keys; it has the class `over` while one is held above it. */
export function takesKey(take: (key: string) => void): Attachment<HTMLElement> {
  return (element) => {
    const over = (event: DragEvent) => {
      if (!carriesKey(event)) return;
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "copy";
      element.classList.add("over");
    };
    const leave = (event: DragEvent) => {
      if (!(event.relatedTarget instanceof Node && element.contains(event.relatedTarget))) {
        element.classList.remove("over");
      }
    };
    const drop = (event: DragEvent) => {
      if (!carriesKey(event)) return;
      event.preventDefault();
      element.classList.remove("over");
      take(event.dataTransfer?.getData(KEY_TYPE) ?? "");
    };
    element.addEventListener("dragover", over);
    element.addEventListener("dragleave", leave);
    element.addEventListener("drop", drop);
    return () => {
      element.removeEventListener("dragover", over);
      element.removeEventListener("dragleave", leave);
      element.removeEventListener("drop", drop);
    };
  };
}
