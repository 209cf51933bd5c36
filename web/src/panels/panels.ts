/** The panels beside the map, in the order of their tabs. Each takes `{ explorer }`. */

import type { Component } from "svelte";
import type { Explorer, PanelName } from "../state/explorer.svelte";
import Card from "./Card.svelte";

export interface Panel {
  name: PanelName;
  title: string;
  component: Component<{ explorer: Explorer }>;
  /** Whether there is anything to show. */
  isOffered: (explorer: Explorer) => boolean;
}

export const PANELS: Panel[] = [{ name: "item", title: "Item", component: Card, isOffered: () => true }];
