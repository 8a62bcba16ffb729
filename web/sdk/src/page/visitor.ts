/** The visitor token: a random name of this browser at this site. It opens its own anonymous profile and no other. */

import { encode } from "../shared/bytes";
import type { Keeper } from "./keeper";

const NAME = "visitor";

/** `bytes` random bytes as base64url. */
export const random = (bytes: number): string => encode(crypto.getRandomValues(new Uint8Array(bytes)));

/**
 * The token, made on the first page; undefined where nothing can be kept, or each page would be somebody new.
 */
export function visitor(keeper: Keeper): string | undefined {
  let token = keeper.get(NAME);
  if (!/^hvi_[\w-]{22}$/.test(String(token))) keeper.set(NAME, (token = "hvi_" + random(16)));
  return keeper.lasts(NAME) ? String(token) : undefined;
}

/** The next person at this browser is somebody else. */
export const forgetVisitor = (keeper: Keeper): void => keeper.set(NAME, undefined);
