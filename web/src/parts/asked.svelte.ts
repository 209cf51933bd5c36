/** A question and what came of it: nothing yet, an answer, or why there is none. */

import { untrack } from "svelte";

interface How {
  /** Whether the last answer stays in sight until the next is there. */
  keep?: boolean;
  /** Milliseconds to wait for a further change before asking. */
  after?: number;
}

/** The state of one question that is asked again and again; answers to earlier ones are dropped. */
export class Asked<T> {
  answer = $state.raw<T | null>(null);
  error = $state<string | null>(null);
  isAsking = $state(false);
  private turn = 0;
  private last: (() => Promise<T>) | null = null;

  ask(question: () => Promise<T>, { keep = false, after = 0 }: How = {}): void {
    this.turn += 1;
    const turn = this.turn;
    this.last = question;
    if (!keep) this.answer = null;
    this.error = null;
    this.isAsking = true;
    const start = () => {
      if (turn === this.turn) void this.follow(turn, question);
    };
    if (after > 0) setTimeout(start, after);
    else untrack(start);
  }

  /** Ask the last question again. */
  again(): void {
    if (this.last !== null) this.ask(this.last, { keep: true });
  }

  clear(): void {
    this.turn += 1;
    this.last = null;
    this.answer = null;
    this.error = null;
    this.isAsking = false;
  }

  private async follow(turn: number, question: () => Promise<T>): Promise<void> {
    try {
      const answer = await question();
      if (turn === this.turn) this.answer = answer;
    } catch (error) {
      if (turn !== this.turn) return;
      this.answer = null;
      this.error = error instanceof Error ? error.message : String(error);
    } finally {
      if (turn === this.turn) this.isAsking = false;
    }
  }
}
