/** Time limits, and the one way of holding something to them. */

import { HeliographError } from "./errors";

/** A fresh browser's first subscribe() was seen to take six seconds; slow phones take longer. */
export const BROWSER_LIMIT = 30_000;
export const REQUEST_LIMIT = 20_000;
/** IndexedDB opens in milliseconds or, in some private modes, never. */
export const STORAGE_LIMIT = 2_000;
/** How long storage that did not answer is left alone. */
export const STUCK = 30_000;
/** How old a confirmed subscription may become before the page sends it again. */
export const REFRESH_AFTER = 24 * 3_600_000;

export function within<T>(limit: number, what: string, work: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new HeliographError("timeout", `${what} did not finish in ${limit / 1000} s`)),
      limit,
    );
    work.then(
      (value) => (clearTimeout(timer), resolve(value)),
      (error) => (clearTimeout(timer), reject(error)),
    );
  });
}
