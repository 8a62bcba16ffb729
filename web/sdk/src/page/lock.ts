/** One operation at a time over all tabs of a site: two that interleave could both subscribe, or lose a secret. */

import { BROWSER_LIMIT } from "../shared/timing";

/** Runs `work` while holding the lock `name`; a tab that was frozen with it in hand is not waited for for ever. */
export async function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { locks } = navigator as { locks?: LockManager };
  if (!locks) return work();
  let started = false;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), BROWSER_LIMIT);
  try {
    return await locks.request(name, { signal: abort.signal }, () => {
      clearTimeout(timer);
      started = true;
      return work();
    });
  } catch (error) {
    if (started) throw error;
    return work();
  }
}
