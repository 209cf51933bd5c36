/** Search and sums, away from the page, so that typing and panning never wait for them. */

import { KeySearch } from "./keysearch";
import { Ranking } from "./ranking";
import type { Asked, Said } from "./thinker";

let search: KeySearch | null = null;
let ranking: Ranking | null = null;

addEventListener("message", (event: MessageEvent<Asked>) => {
  const { number, question } = event.data;
  try {
    postMessage({ number, answer: answered(question) } satisfies Said);
  } catch (error) {
    postMessage({ number, error: error instanceof Error ? error.message : String(error) } satisfies Said);
  }
});

function answered(question: Asked["question"]): unknown {
  switch (question.name) {
    case "keys":
      search = new KeySearch(question.keys);
      return null;
    case "vectors":
      ranking = new Ranking(question.size, question.vectors, question.predicting);
      return null;
    case "search":
      return search?.find(question.text, question.k);
    case "similar":
      return ranking?.similar(question.ids, question.weights, question.k);
    case "recommend":
      return ranking?.recommend(question.ids, question.k);
    case "pair":
      return ranking?.pair(question.a, question.b);
  }
}
