/** Our own worker file, registered by the page script with its key in the address. */

import { installWorker } from "./worker";

export const { worker, database, heliograph } = installWorker(
  "https://shop.example/push/heliograph-worker.js?key=hpk_test&api=https%3A%2F%2Fpush.example",
);
