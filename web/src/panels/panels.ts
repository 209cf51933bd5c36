/** The panels beside the map, in the order of their tabs. Each takes `{ explorer }`. */

import type { Component } from "svelte";
import type { Explorer, PanelName } from "../state/explorer.svelte";
import Arithmetic from "./Arithmetic.svelte";
import Basket from "./Basket.svelte";
import Card from "./Card.svelte";
import Clusters from "./Clusters.svelte";
import Compare from "./Compare.svelte";
import Duplicates from "./Duplicates.svelte";
import Training from "./Training.svelte";

export interface Panel {
  name: PanelName;
  title: string;
  component: Component<{ explorer: Explorer }>;
  /** Whether there is anything to show. */
  isOffered: (explorer: Explorer) => boolean;
}

export const PANELS: Panel[] = [
  { name: "item", title: "Item", component: Card, isOffered: () => true },
  {
    name: "basket",
    title: "Recommend",
    component: Basket,
    isOffered: ({ answers, runs }) => !answers.can("recommend") || runs.some((run) => run.about.has.recommend),
  },
  {
    name: "arithmetic",
    title: "Arithmetic",
    component: Arithmetic,
    isOffered: (explorer) => explorer.runs.length > 0,
  },
  {
    name: "clusters",
    title: "Clusters",
    component: Clusters,
    isOffered: (explorer) => explorer.runs.some((run) => run.about.has.clusters),
  },
  {
    name: "duplicates",
    title: "Duplicates",
    component: Duplicates,
    isOffered: (explorer) => explorer.runs.length > 0 && explorer.answers.can("duplicates"),
  },
  {
    name: "training",
    title: "Training",
    component: Training,
    isOffered: (explorer) =>
      explorer.answers.can("training") &&
      (explorer.unready.length > 0 ||
        explorer.runs.some((run) => run.about.has.history || run.about.status !== "complete")),
  },
  {
    name: "compare",
    title: "Compare",
    component: Compare,
    isOffered: (explorer) => explorer.runs.length > 1 && explorer.answers.can("compare"),
  },
];
