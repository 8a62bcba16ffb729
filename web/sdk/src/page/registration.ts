/** The service worker registration that owns the subscription. */

import { explained, HeliographError } from "../shared/errors";
import { BROWSER_LIMIT, within } from "../shared/timing";
import type { Tag } from "./tag";

/**
 * subscribe() fails with "no active Service Worker" before this; `serviceWorker.ready` is about pages we do not
 * control.
 */
function active(registration: ServiceWorkerRegistration): Promise<ServiceWorkerRegistration> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (registration.active || !worker) return Promise.resolve(registration);
  return new Promise((resolve, reject) => {
    const look = () => {
      if (registration.active || worker.state === "activated") resolve(registration);
      else if (worker.state === "redundant")
        reject(new HeliographError("worker", "the service worker could not be installed"));
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

/**
 * A worker that the site registered for itself; ours carry the address of their server, whatever their file is
 * called.
 */
const isForeign = (script: string, tag: Tag) =>
  !new URL(script).searchParams.has("api") && script.split("?")[0] !== tag.workerUrl.split("?")[0];

async function lookUp(tag: Tag): Promise<ServiceWorkerRegistration> {
  const { serviceWorker } = navigator;
  if (!tag.guest) {
    const there = (await registrationAt(tag.scope))?.active?.scriptURL;
    // Registering would replace it, and the two would replace each other on every page from then on.
    if (there && isForeign(there, tag))
      throw new HeliographError(
        "misconfigured",
        `${tag.scope} has a worker of its own: move ours to a narrower path, or use data-registration`,
      );
    return serviceWorker.register(tag.workerUrl, { scope: tag.scope, updateViaCache: "none" });
  }
  // The site registers its own worker whenever it likes, perhaps after us.
  for (;;) {
    const found = await serviceWorker.getRegistration(tag.scope);
    if (found?.scope === tag.scope) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

export async function register(tag: Tag): Promise<ServiceWorkerRegistration> {
  try {
    return await within(BROWSER_LIMIT, `service worker at ${tag.scope}`, lookUp(tag).then(active));
  } catch (error) {
    throw explained(error, "worker", `no service worker at ${tag.scope}`);
  }
}

/** The registration at exactly this scope, if there is one; getRegistration() alone also finds wider ones. */
export async function registrationAt(scope: string): Promise<ServiceWorkerRegistration | undefined> {
  const found = await navigator.serviceWorker.getRegistration(scope);
  return found?.scope === scope ? found : undefined;
}
