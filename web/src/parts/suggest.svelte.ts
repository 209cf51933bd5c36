/** Keys that a text may mean, as it is typed. */

import type { Match } from "../answers/types";

const WAIT_MS = 60;

export class Suggest<M extends Match = Match> {
  matches = $state.raw<M[]>([]);
  /** The text that the matches are of. */
  answered = $state("");
  /** The place of the one that Enter takes; -1: none. */
  at = $state(-1);
  isOpen = $state(false);
  private turn = 0;
  private found: Promise<void> = Promise.resolve();

  constructor(private readonly find: (text: string) => Promise<M[]>) {}

  get active(): M | undefined {
    return this.isOpen ? this.matches[this.at] : undefined;
  }

  /** Look for what a text may mean. */
  look(text: string): void {
    this.turn += 1;
    this.found = text.trim() === "" ? this.forget() : this.follow(this.turn, text);
  }

  /** Return the best match once it is known, for who presses Enter before. */
  async best(): Promise<M | undefined> {
    await this.found;
    return this.active ?? this.matches[0];
  }

  /** Return the match that the list points at, once what was typed last has been looked for; none where it is closed. */
  async chosen(): Promise<M | undefined> {
    await this.found;
    return this.active;
  }

  close(): void {
    this.isOpen = false;
  }

  /** Return whether a key moved within the list, or closed it. */
  handles(event: KeyboardEvent): boolean {
    if (!this.isOpen || event.altKey || event.ctrlKey || event.metaKey) return false;
    const n = this.matches.length;
    if (event.key === "ArrowDown") this.at = (this.at + 1) % n;
    else if (event.key === "ArrowUp") this.at = (this.at + n - 1) % n;
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  private async forget(): Promise<void> {
    this.matches = [];
    this.answered = "";
    this.close();
  }

  private async follow(turn: number, text: string): Promise<void> {
    await new Promise((done) => setTimeout(done, WAIT_MS));
    if (turn !== this.turn) return this.found;
    const matches = await this.find(text);
    if (turn !== this.turn) return this.found;
    this.matches = matches;
    this.answered = text;
    this.at = matches.length > 0 ? 0 : -1;
    this.isOpen = matches.length > 0;
  }
}
