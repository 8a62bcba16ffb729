/** Signed identities: checked for their shape, and recognised when they say what the server already knows. */

import type { Identity } from "../shared/api";
import { decode, fingerprint } from "../shared/bytes";
import { HeliographError } from "../shared/errors";

export function checkIdentity(value: unknown): Identity {
  const { external_id, signature, token } = (value ?? {}) as Record<string, unknown>;
  if (typeof token === "string" && token) return { token };
  if (typeof external_id === "string" && external_id && typeof signature === "string" && signature)
    return { external_id, signature };
  throw new HeliographError("misconfigured", "an identity is {external_id, signature} or {token}, made by your server");
}

/** A JWT is another text on every page, but names the same person. */
function subject(identity: Identity): string {
  if (!("token" in identity)) return identity.external_id;
  try {
    const claims: unknown = JSON.parse(new TextDecoder().decode(decode(identity.token.split(".")[1] ?? "")));
    return String((claims as { sub?: unknown }).sub ?? identity.token);
  } catch {
    return identity.token;
  }
}

export const personOf = (identity: Identity): Promise<string> => fingerprint(subject(identity));
