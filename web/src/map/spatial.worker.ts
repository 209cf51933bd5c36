/** The worker around Spatial: one message in, one message out. */

import { Spatial } from "./spatial";
import { answerTo, type Request } from "./spatial-requests";

const spatial = new Spatial();
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<{ id: number; request: Request }>) => void) | null;
  postMessage: (message: { id: number; answer: unknown }, transfer: Transferable[]) => void;
};

scope.onmessage = ({ data: { id, request } }) => {
  const [answer, transfer] = answerTo(spatial, request);
  scope.postMessage({ id, answer }, transfer);
};
scope.postMessage({ id: 0, answer: null }, []);
