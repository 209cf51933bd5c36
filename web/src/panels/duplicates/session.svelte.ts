/** The review of one run's duplicates: where one is, what was decided, what can be undone, and what is saved. */

import type { Answers } from "../../answers/answers";
import {
  askDuplicates,
  askMerges,
  type DuplicateOptions,
  type MergesAnswer,
  saveDecisions,
} from "../../answers/duplicates";
import type { Working } from "../../answers/working";
import type { RunState } from "../../state/explorer.svelte";
import { type Choice, decisionOf, mostFrequent, type Review, reviewsOf } from "./reviews";

const BATCH = 200; // decisions in one request

const sessions = new WeakMap<RunState, DuplicatesSession>();

/** Return the review of a run, which goes on where it was left. */
export function sessionOf(run: RunState): DuplicatesSession {
  const known = sessions.get(run) ?? new DuplicatesSession(run.answers, run.index);
  sessions.set(run, known);
  return known;
}

export class DuplicatesSession {
  reviews = $state.raw<Review[]>([]);
  choices = $state.raw<Choice[]>([]);
  at = $state(0);
  /** Whether the groups that are decided are passed over. */
  onlyOpen = $state(true);
  options = $state.raw<DuplicateOptions>({ minSimilarity: 90, minCosine: 0.5, versions: false });
  merges = $state.raw<MergesAnswer | null>(null);
  working = $state.raw<Working | null>(null);
  isLoading = $state(false);
  error = $state<string | null>(null);
  isSaving = $state(false);
  saveError = $state<string | null>(null);
  private readonly unsaved = new Map<string, { review: Review; choice: Choice }>();
  private undoable = $state.raw<{ key: string; before: Choice }[]>([]);
  private turn = 0;

  constructor(
    private readonly answers: Answers,
    private readonly run: number,
  ) {}

  get review(): Review | undefined {
    return this.reviews[this.at];
  }

  get choice(): Choice | undefined {
    return this.choices[this.at];
  }

  get nDecided(): number {
    return this.choices.filter((choice) => choice.state !== "open").length;
  }

  get canUndo(): boolean {
    return this.undoable.length > 0;
  }

  /** Whether a decision has not reached the service. */
  get isUnsaved(): boolean {
    return this.isSaving || this.saveError !== null;
  }

  /** Ask for the groups, and for what was decided on them, here or by hand in the table. */
  async load(): Promise<void> {
    const turn = ++this.turn;
    this.isLoading = true;
    this.error = null;
    this.working = null;
    const here = this.review?.keys[0];
    try {
      const [found, merges] = await Promise.all([
        askDuplicates(this.answers, this.run, this.options, (working) => {
          if (turn === this.turn) this.working = working;
        }),
        askMerges(this.answers, this.run),
      ]);
      if (turn !== this.turn) return;
      this.merges = merges;
      this.take(reviewsOf(found, merges.groups), here);
    } catch (error) {
      if (turn === this.turn) this.error = error instanceof Error ? error.message : String(error);
    } finally {
      if (turn === this.turn) this.isLoading = false;
    }
  }

  /** Go to the next group (1) or the one before (-1), past those that are decided if these are not asked for. */
  step(by: 1 | -1): void {
    for (let to = this.at + by; to >= 0 && to < this.reviews.length; to += by) {
      if (this.onlyOpen && this.choices[to]?.state !== "open") continue;
      this.at = to;
      return;
    }
  }

  /** Decide on the group and go on to the next that is open. */
  decide(state: "merged" | "apart"): void {
    const { review, choice } = this;
    if (review === undefined || choice === undefined) return;
    const keep =
      state === "apart" && !review.keys.includes(choice.keep) ? mostFrequent(review, review.keys) : choice.keep;
    this.put({ ...choice, keep, state });
    const open = (place: number) => this.choices[place]?.state === "open";
    const places = [...this.reviews.keys()];
    const next = places.find((place) => place > this.at && open(place)) ?? places.find(open);
    if (next !== undefined) this.at = next;
    else if (!this.onlyOpen) this.step(1);
  }

  /** Take the group's decision back. */
  reopen(): void {
    if (this.choice !== undefined && this.choice.state !== "open") this.put({ ...this.choice, state: "open" });
  }

  keep(key: string): void {
    const { choice } = this;
    if (choice === undefined) return;
    const merged = choice.merged.includes(key) ? choice.merged : [...choice.merged, key];
    this.put({ ...choice, keep: key, merged });
  }

  /** Take a key into what is merged, or out of it. Two stay at least. */
  toggle(key: string): void {
    const { review, choice } = this;
    if (review === undefined || choice === undefined) return;
    const isIn = choice.merged.includes(key);
    if (isIn && choice.merged.length <= 2) return;
    const merged = review.keys.filter((other) => (other === key ? !isIn : choice.merged.includes(other)));
    this.put({ ...choice, merged, keep: merged.includes(choice.keep) ? choice.keep : mostFrequent(review, merged) });
  }

  /** Make the last change undone, and go where it was made. */
  undo(): void {
    const last = this.undoable.at(-1);
    if (last === undefined) return;
    this.undoable = this.undoable.slice(0, -1);
    const place = this.reviews.findIndex((review) => review.keys[0] === last.key);
    if (place < 0) return; // other options do not find that group
    this.at = place;
    this.set(last.before);
  }

  /** Send what was not saved once more. */
  saveAgain(): void {
    this.saveError = null;
    void this.save();
  }

  private take(made: { review: Review; choice: Choice }[], here: string | undefined): void {
    this.reviews = made.map((one) => one.review);
    this.choices = made.map((one) => this.unsaved.get(one.review.keys[0] ?? "")?.choice ?? one.choice);
    const place = this.reviews.findIndex((review) => review.keys[0] === here);
    const open = this.choices.findIndex((choice) => choice.state === "open");
    this.at = place >= 0 ? place : Math.max(0, open);
  }

  private put(choice: Choice): void {
    const { review, choice: before } = this;
    if (review === undefined || before === undefined) return;
    this.undoable = [...this.undoable, { key: review.keys[0] ?? "", before }];
    this.set(choice);
  }

  private set(choice: Choice): void {
    const { review, choice: before } = this;
    if (review === undefined || before === undefined) return;
    this.choices = this.choices.with(this.at, choice);
    if (choice.state === "open" && before.state === "open") return; // nothing of it is decided
    this.unsaved.set(review.keys[0] ?? "", { review, choice });
    if (this.saveError === null) void this.save();
  }

  /** Send what is not saved, in order, one request at a time. */
  private async save(): Promise<void> {
    if (this.isSaving) return;
    this.isSaving = true;
    try {
      while (this.unsaved.size > 0) {
        const batch = [...this.unsaved].slice(0, BATCH);
        await saveDecisions(
          this.answers,
          this.run,
          batch.map(([, { review, choice }]) => decisionOf(review, choice)),
        );
        for (const [key, sent] of batch) if (this.unsaved.get(key) === sent) this.unsaved.delete(key);
      }
      this.saveError = null;
    } catch (error) {
      this.saveError = error instanceof Error ? error.message : String(error);
    } finally {
      this.isSaving = false;
    }
  }
}
