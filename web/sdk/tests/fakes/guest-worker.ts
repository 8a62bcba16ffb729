/** A site's own worker that imports our module. */

import { installWorker } from "./worker";

export const { worker, database, heliograph } = installWorker("https://shop.example/sw.js");
