/** A run while it is made, as the service tells of it. */

import { AnswerError, type Answers } from "./answers";
import { readColumns } from "./arrow";
import { serviceOf } from "./working";

export interface Stage {
  name: string;
  state: "waiting" | "running" | "done" | "ended";
  /** Seconds since 1970; null: it has not begun, or that is not known. */
  began: number | null;
  /** How long it took; null while it lasts. */
  seconds: number | null;
}

export interface Losses {
  loss: number | null;
  heldout_loss: number | null;
}

export interface Probe {
  key: string;
  neighbors: string[];
}

/** What was measured over an interval of training. */
export interface Interval extends Losses {
  pairs: number;
  seconds: number;
  learning_rate: number | null;
  items_per_s: number | null;
  contexts: Record<string, Losses>;
  probes: Probe[];
}

export interface Training {
  status: "running" | "complete" | "interrupted" | "failed" | "stopped";
  error: string | null;
  /** Of the run that is served; null before it has vectors. */
  generation: string | null;
  stages: Stage[];
  stage: string | null;
  task: string | null;
  done: number | null;
  total: number | null;
  text: string;
  eta_s: number | null;
  /** When this was told, in seconds since 1970. */
  now: number;
  history: Interval[];
  map: { iteration: number; kl: number | null }[];
  /** The step whose places can be had; null: no map is forming. */
  frame: number | null;
}

/** A map that forms, after so many steps. */
export interface Frame {
  step: number;
  x: Float32Array;
  y: Float32Array;
}

export function askTraining(answers: Answers, run: number): Promise<Training> {
  return serviceOf(answers).get(`runs/${run}/training`);
}

/** Return where the items of a map that forms are; null where that is known already, or none forms any more. */
export async function askFrame(answers: Answers, run: number, after: number | null): Promise<Frame | null> {
  const response = await serviceOf(answers).raw(`runs/${run}/training/frame`, after === null ? {} : { after });
  if (response.status === 204) return null;
  const columns = readColumns(new Uint8Array(await response.arrayBuffer()));
  const [x, y] = [columns.get("x"), columns.get("y")];
  if (x?.kind !== "number" || y?.kind !== "number") throw new AnswerError("The map that forms came without places.");
  return { step: Number(response.headers.get("firth-step")), x: x.values, y: y.values };
}
