/** The file that `prompting.ts` loads where there is something to show: triggers, exclusion, frequency, statistics. */

import { makeRunner } from "./campaigns";

(window as unknown as { heliographPrompt?: (kind: string, given: unknown) => void }).heliographPrompt?.(
  "runner",
  makeRunner,
);
