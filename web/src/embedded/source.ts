/** Where a page finds the text of its data: in elements of its own, or in scripts beside it. */

import { AnswerError } from "../answers/answers";
import type { Source } from "./pack";

declare global {
  /** What the scripts beside a page call with their data. */
  var firthData: ((at: number, text: string) => void) | undefined;
}

/** Return where this page's data is. Each section is given once: its text is not kept. */
export function pageSource(): Source {
  const folder = document.getElementById("app")?.dataset.files;
  return folder === undefined ? elementSource() : scriptSource(folder);
}

function elementSource(): Source {
  return async (at) => {
    const element = document.getElementById(idOf(at));
    if (element === null) throw new AnswerError("This page is damaged: a part of its data is missing.");
    element.remove();
    return element.textContent ?? "";
  };
}

/** A page from disk may not fetch what lies beside it, but may run it. */
function scriptSource(folder: string): Source {
  const arrived = new Map<number, string>();
  globalThis.firthData = (at, text) => arrived.set(at, text);
  return (at) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const path = `${folder}/${String(at).padStart(3, "0")}.js`;
      script.onload = () => {
        script.remove();
        const text = arrived.get(at);
        arrived.delete(at);
        if (text === undefined) reject(new AnswerError(`${path}, beside this page, is damaged.`));
        else resolve(text);
      };
      script.onerror = () => reject(new AnswerError(`${path}, beside this page, is missing.`));
      script.src = path.split("/").map(encodeURIComponent).join("/");
      document.head.append(script);
    });
}

function idOf(at: number): string {
  return `firth-${at}`;
}
