/** The page that carries its data. */

import { mount } from "svelte";
import App from "./App.svelte";
import { Embedded } from "./answers/embedded";
import Notes from "./embedded/Notes.svelte";
import { pageSource } from "./embedded/source";
import "./theme.css";
import "./embedded/offline.css";

async function start(): Promise<void> {
  const target = document.getElementById("app");
  if (target === null) throw new Error("the page has no element #app.");
  try {
    const answers = await Embedded.open(pageSource());
    Object.assign(globalThis, { firth: answers }); // for whoever opens the console: await firth.neighbors(0, "key", 10)
    target.replaceChildren();
    mount(App, { target, props: { answers } });
    mount(Notes, { target: document.body, props: { manifest: answers.manifest } });
  } catch (error) {
    target.textContent = error instanceof Error ? error.message : String(error);
  }
}

void start();
