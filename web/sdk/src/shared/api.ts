/** Heliograph's public API (`/v1/public`), as the calls that a browser makes. */

import { HeliographError } from "./errors";
import type { Group } from "./state";
import { REQUEST_LIMIT } from "./timing";

export interface Config {
  readonly project: string;
  readonly application_server_key: string;
  readonly vapid_key_id: string;
}

/** Proof of who somebody is, made by the customer's server; never a bare user id. */
export type Identity = { readonly external_id: string; readonly signature: string } | { readonly token: string };

export interface SubscriptionBody {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
  readonly application_server_key: string;
  readonly expiration_time: number | null;
  readonly language: string | undefined;
  readonly time_zone: string | undefined;
  readonly identity: Identity | undefined;
}

export interface Registered {
  readonly id: string;
  readonly secret?: string;
  readonly state: "active" | "gone" | "unsubscribed";
  readonly vapid_key_id: string;
  readonly application_server_key_current?: boolean;
  readonly groups: readonly Group[];
  readonly identified: boolean;
}

export interface Address {
  readonly api: string;
  readonly key: string;
}

interface Options {
  readonly body?: unknown;
  /** A body that is JSON already. */
  readonly text?: string;
  readonly secret?: string | undefined;
  /**
   * Key in the query and text/plain as type keep a cross-origin request "simple": no preflight, no second round trip.
   */
  readonly simple?: boolean;
  readonly cache?: RequestCache;
}

export async function call<T>(address: Address, method: string, path: string, options: Options = {}): Promise<T> {
  const { secret, simple } = options;
  const body = options.text ?? (options.body === undefined ? null : JSON.stringify(options.body));
  const headers: Record<string, string> = {};
  let url = `${address.api}/v1/public${path}`;
  if (simple) url += `${path.includes("?") ? "&" : "?"}key=${encodeURIComponent(address.key)}`;
  else headers["Heliograph-Key"] = address.key;
  if (secret) headers["Authorization"] = `Bearer ${secret}`;
  if (body !== null) headers["Content-Type"] = simple ? "text/plain" : "application/json";

  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), REQUEST_LIMIT);
  try {
    const response = await fetch(url, {
      method,
      headers,
      credentials: "omit",
      cache: options.cache ?? "no-store",
      // A receipt must survive the page that is just being left.
      keepalive: simple === true && body !== null,
      signal: abort.signal,
      body,
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer as T;
    const problem = (answer ?? {}) as { code?: string; detail?: string; title?: string };
    throw new HeliographError(
      "refused",
      `${method} ${path.split("?")[0]}: ${problem.detail || problem.title || "HTTP " + response.status}`,
      response.status,
      problem.code ?? "",
    );
  } catch (error) {
    if (error instanceof HeliographError) throw error;
    // fetch tells a page nothing more, on purpose: offline, blocked, and a missing CORS header all look like this.
    throw new HeliographError(
      abort.signal.aborted ? "timeout" : "network",
      `no answer from ${address.api}, or it does not allow this origin`,
    );
  } finally {
    clearTimeout(timer);
  }
}

export const fetchConfig = (address: Address): Promise<Config> =>
  call(address, "GET", "/config", { simple: true, cache: "default" });
