/** Runs that are followed while they are made: what is told of them, and what the page does when there is more. */

import { createContext } from "svelte";
import { askFrame, askTraining, type Training } from "../answers/training";
import { type Explorer, RunState } from "./explorer.svelte";

const BUSY_MS = 1000; // between two questions while a run is made
const IDLE_MS = 5000;

/** One run: what was told last. */
export class Followed {
  told = $state.raw<Training | null>(null);
  /** The step of the map that is shown; null: the map is the run's own. */
  step: number | null = null;

  constructor(readonly index: number) {}

  get isRunning(): boolean {
    return this.told?.status === "running";
  }
}

export class Trainings {
  readonly all: readonly Followed[];

  constructor(private readonly explorer: Explorer) {
    this.all = [new Followed(0), new Followed(1)];
  }

  of(index: number): Followed {
    return this.all[index] as Followed;
  }

  /** Follow every run until the function that is returned is called; nothing is asked while the page is hidden. */
  start(): () => void {
    if (!this.explorer.answers.can("training")) return () => undefined;
    if (this.explorer.runs.length === 0) this.explorer.panel = "training";
    const stops = (this.explorer.about?.runs ?? []).map(({ index }) => this.follow(this.of(index)));
    return () => {
      for (const stop of stops) stop();
    };
  }

  private follow(one: Followed): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAsking = false;
    let isOver = false;
    const ask = async (): Promise<void> => {
      if (isAsking || isOver || document.hidden) return;
      isAsking = true;
      clearTimeout(timer);
      try {
        await this.look(one);
      } catch {
        // Whoever asks something is told that the service is gone; a question nobody asked is simply asked again.
      }
      isAsking = false;
      if (!isOver) timer = setTimeout(ask, one.isRunning ? BUSY_MS : IDLE_MS);
    };
    const shown = (): void => void ask();
    document.addEventListener("visibilitychange", shown);
    void ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }

  private async look(one: Followed): Promise<void> {
    const { explorer } = this;
    const told = await askTraining(explorer.answers, one.index);
    one.told = told;
    const unready = explorer.unready.find((run) => run.index === one.index);
    const known = explorer.runs.find((run) => run.index === one.index);
    const isNews = told.generation !== null && told.generation !== known?.about.generation;
    if (isNews || (unready !== undefined && unready.status !== told.status)) await refresh(explorer);
    await this.showMap(one, told);
  }

  /** Move the items of a map that forms, or put them back where they belong if it came to nothing. */
  private async showMap(one: Followed, told: Training): Promise<void> {
    const run = this.explorer.runs.find((run) => run.index === one.index);
    if (run === undefined) return;
    if (told.frame !== null && told.frame !== one.step) {
      const frame = await askFrame(this.explorer.answers, one.index, one.step);
      if (frame === null || frame.x.length !== run.about.n_items) return;
      one.step = frame.step;
      run.setPositions(frame.x, frame.y);
    } else if (told.frame === null && one.step !== null) {
      one.step = null;
      await ownPositions(run);
    }
  }
}

/** Take in runs that have changed, and leave the others as they are. */
async function refresh(explorer: Explorer): Promise<void> {
  const about = await explorer.answers.about();
  const before = new Map(explorer.runs.map((run) => [run.index, run]));
  explorer.about = about;
  explorer.runs = about.runs
    .filter((run) => run.is_ready)
    .map((run) => {
      const known = before.get(run.index);
      if (known?.about.generation === run.generation) return known;
      const fresh = new RunState(run, explorer.answers);
      if (known !== undefined && known.about.n_items === run.n_items) takeOver(fresh, known, explorer);
      return fresh;
    });
  explorer.unready = about.runs.filter((run) => !run.is_ready);
}

/** Keep what was seen of a run: where the map was looked at, and where items were until their own places are there. */
function takeOver(fresh: RunState, known: RunState, explorer: Explorer): void {
  fresh.view = known.view;
  fresh.positions = known.positions;
  if (fresh.positions !== null) ownPositions(fresh).catch((error) => explorer.say(error));
}

async function ownPositions(run: RunState): Promise<void> {
  if (!run.about.has.map) {
    run.positions = null;
    return;
  }
  const [x, y] = await Promise.all([run.column("x"), run.column("y")]);
  if (x.kind === "number" && y.kind === "number") run.setPositions(x.values, y.values);
}

export const [trainings, provideTrainings] = createContext<Trainings>();
