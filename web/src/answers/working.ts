/** Answers that take the service seconds or minutes: it says how far it is until they are there. */

import { AnswerError, type Answers } from "./answers";
import { Service } from "./service";

export interface Working {
  state: "working";
  done: number | null;
  total: number | null;
  elapsed_s: number;
}

const WAIT_S = 1; // the service waits that long before it says how far it is

/** The service behind the answers, for questions that nobody else answers. */
export function serviceOf(answers: Answers): Service {
  if (answers instanceof Service) return answers;
  throw new AnswerError("A page without a service cannot answer this. Open the run with firth serve.");
}

/** Ask until the answer is there. */
export async function askLong<T extends object>(
  service: Service,
  path: string,
  query: Record<string, string | number>,
  told: (working: Working) => void,
): Promise<T> {
  for (;;) {
    const answer = await service.get<T | Working>(path, { ...query, wait: WAIT_S });
    if (!isWorking(answer)) return answer;
    told(answer);
  }
}

function isWorking(answer: object): answer is Working {
  return "state" in answer && answer.state === "working";
}
