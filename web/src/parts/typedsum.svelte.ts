/** The sum that is typed, and the same sum as terms: whichever is changed, the other follows. */

import type { Match } from "../answers/types";
import type { Explorer, RunState, Term } from "../state/explorer.svelte";
import { begun, candidates, pieces, quoted, type Sign, starts, typed } from "./sum";

/** A part of the sum: what was typed, and the key it is taken for, if there is one. */
export interface Understood {
  sign: Sign;
  text: string;
  key: string | null;
}

const WAIT_MS = 150;
const SHORTEST_GUESS = 2;

export class TypedSum {
  text = $state("");
  understood = $state.raw<Understood[]>([]);
  private turn = 0;
  private own = "";
  /** Where in the text the key begins that suggestions were made for. */
  private from = 0;

  constructor(
    private readonly explorer: Explorer,
    private readonly run: () => RunState,
  ) {}

  /** Take over terms that something else changed. */
  follow(terms: readonly Term[]): void {
    if (JSON.stringify(terms) === this.own) return;
    this.show(terms.map(({ sign, key }) => ({ sign, text: key, key })));
    this.own = JSON.stringify(terms);
  }

  /** Understand what was typed, a moment after the last change. */
  async type(): Promise<void> {
    this.turn += 1;
    const { turn, text } = this;
    await new Promise((done) => setTimeout(done, WAIT_MS));
    if (turn !== this.turn) return;
    try {
      const understood = await this.read(text);
      if (turn === this.turn) this.commit(understood);
    } catch (error) {
      if (turn === this.turn) this.explorer.say(error);
    }
  }

  toggle(place: number): void {
    this.change(
      this.understood.map((piece, at) => (at === place ? { ...piece, sign: piece.sign < 0 ? 1 : -1 } : piece)),
    );
  }

  remove(place: number): void {
    this.change(this.understood.filter((_, at) => at !== place));
  }

  /** Return keys that the one being typed at `caret` may become. */
  async suggest(caret: number): Promise<Match[]> {
    const { text } = this;
    const places = starts(text, caret);
    for (const [place, from] of places.entries()) {
      const begin = begun(text, from, caret);
      if (begin === "") continue;
      const matches = await this.explorer.answers.search(this.run().index, begin, 6);
      const isSure = matches.some(({ key }) => key.toLowerCase().startsWith(begin.toLowerCase()));
      if (!isSure && place < places.length - 1) continue;
      this.from = from;
      return matches;
    }
    return [];
  }

  /** Put a key where one is being typed, around `caret`, and return where the caret goes. */
  complete(key: string, caret: number): number {
    const rest = /^.*?(?=\s[+\-−–]|$)/s.exec(this.text.slice(caret))?.[0] ?? "";
    const before = `${this.text.slice(0, this.from)}${quoted(key)} `;
    this.text = before + this.text.slice(caret + rest.length).trimStart();
    void this.type();
    return before.length;
  }

  private async read(text: string): Promise<Understood[]> {
    const { answers } = this.explorer;
    const { index } = this.run();
    const asked = candidates(text);
    const known = new Set(asked.length === 0 ? [] : (await answers.items(index, asked)).map((item) => item.key));
    return Promise.all(
      pieces(text, (part) => known.has(part)).map(async ({ sign, text: part, isKnown }) => {
        if (isKnown || part.length < SHORTEST_GUESS) return { sign, text: part, key: isKnown ? part : null };
        const [best] = await answers.search(index, part, 1);
        return { sign, text: part, key: best?.key ?? null };
      }),
    );
  }

  private change(understood: Understood[]): void {
    this.show(understood);
    this.commit(understood);
  }

  private show(understood: Understood[]): void {
    this.turn += 1;
    this.understood = understood.map((piece) => ({ ...piece, text: piece.key ?? piece.text }));
    this.text = typed(this.understood);
  }

  private commit(understood: Understood[]): void {
    this.understood = understood;
    const terms = understood.flatMap(({ sign, key }) => (key === null ? [] : [{ sign, key }]));
    this.own = JSON.stringify(terms);
    if (JSON.stringify(this.explorer.terms) !== this.own) this.explorer.terms = terms;
  }
}
