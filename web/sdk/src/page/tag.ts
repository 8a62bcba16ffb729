/** The script tag, which is all the configuration there is. */

import type { Address } from "../shared/api";
import { HeliographError } from "../shared/errors";

export interface Tag extends Address {
  /** Absolute URL of the site's worker file, with the key and address that the worker needs. */
  readonly workerUrl: string;
  /** Absolute scope of the registration that owns the subscription. */
  readonly scope: string;
  /** True when that registration is the site's own and we only look it up. */
  readonly guest: boolean;
  /** False when nothing may be tracked until the page says that the person agrees. */
  readonly track: boolean;
  /** Other names on `window` under which the commands can be given. */
  readonly alias: readonly string[];
  /** True when a window of the push host asks, though this page could. */
  readonly popup: boolean;
}

const WORKER = "/push/heliograph-worker.js";

/** Settings from the tag's attributes; the server is where the script came from. */
export function readTag(source: string, data: DOMStringMap, page: string): Tag {
  const key = data["key"]?.trim();
  if (!key)
    throw new HeliographError("misconfigured", "the script tag has no data-key with the project's publishable key");
  const script = new URL(source, page);
  // Up to /sdk/ and not the bare origin: Heliograph may live below a path.
  const api = (data["api"] ?? script.origin + script.pathname.split("/sdk/")[0]).replace(/\/+$/, "");
  const worker = new URL(data["worker"] || WORKER, page);
  if (worker.origin !== new URL(page).origin)
    throw new HeliographError("misconfigured", `data-worker must be a file of this site, not of ${worker.origin}`);
  worker.searchParams.set("key", key);
  worker.searchParams.set("api", api);
  const own = data["registration"];
  return {
    key,
    api,
    workerUrl: worker.href,
    scope: new URL(own ?? ".", own === undefined ? worker.href.split("?")[0] : page).href,
    guest: own !== undefined,
    track: data["track"] !== "off",
    popup: "window" in data,
    alias: (data["alias"] ?? "").split(/[\s,]+/).filter((name) => /^[a-z_]\w*$/i.test(name)),
  };
}

export function findTag(document: Document): HTMLScriptElement | null {
  const running = document.currentScript as HTMLScriptElement | null;
  // A tag manager or bundler may run us from elsewhere; then the tag is found by what it must have.
  return running?.dataset["key"] ? running : document.querySelector<HTMLScriptElement>('script[data-key^="hpk_"]');
}
