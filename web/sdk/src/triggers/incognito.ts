/**
 * A private window, as far as a page can tell. Browsers hide it on purpose, so "yes" is only said on a sign of it, and
 * "no" means that there was none.
 */

import type { Env, Trigger } from "./trigger";
import { is } from "./values";

const found = new WeakMap<Env, boolean>();

export const incognito: Trigger = {
  kind: "incognito",
  // Until the answer is there neither yes nor no holds.
  holds: (spec, env) => found.has(env) && is(spec, found.get(env)!),
  watch(env, changed) {
    const know = (answer: boolean) => {
      found.set(env, answer);
      changed();
    };
    const { storage } = env.window.navigator as { storage?: StorageManager };
    // Firefox and Safari keep no files in private windows; Chromium does, and gives no sign.
    if (storage?.getDirectory)
      storage.getDirectory().then(
        () => know(false),
        () => know(true),
      );
    else know(false);
    return () => undefined;
  },
};
