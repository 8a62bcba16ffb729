/**
 * The worker module. A site hosts one line, importScripts(".../sdk/v1/worker.js"), either in a file of its own below
 * /push/ (the page script registers it there, beside any worker of the site) or inside its own worker.
 */

import { carried, handleClick, handleClose } from "./click";
import { alone, bounded, worker } from "./context";
import { renew } from "./change";
import { handData, read, showPush } from "./push";

declare const __VERSION__: string;

function start(): void {
  const hooks = (worker.heliograph ??= {});
  // Imported twice, every push would be handled twice.
  if (hooks.version) return;
  (hooks as { version?: string }).version = __VERSION__;

  worker.addEventListener("install", () => {
    // Alone, at a scope that controls no page, a new version has nothing to wait for, and a fix must not wait until
    // every tab is closed. As a guest it is the site's decision: its open pages may rely on the old worker.
    // clients.claim() is not called in either case: a push worker has no use for pages, and must not take a site's.
    if (alone) void worker.skipWaiting();
  });

  worker.addEventListener("push", (event) => {
    const push = read(event);
    if (push.kind === "foreign") return;
    const now = Date.now();
    event.waitUntil(bounded(push.kind === "data" ? handData(push, now) : showPush(push, now)));
  });

  worker.addEventListener("notificationclick", (event) => {
    const inside = carried(event.notification);
    if (inside) event.waitUntil(bounded(handleClick(event.notification, event.action, inside, Date.now())));
  });

  worker.addEventListener("notificationclose", (event) => {
    const inside = carried(event.notification);
    if (inside) event.waitUntil(bounded(handleClose(inside, Date.now())));
  });

  worker.addEventListener("pushsubscriptionchange", (event) => {
    const { newSubscription } = event as unknown as { newSubscription?: PushSubscription | null };
    // Not held to the short limit: nobody waits for it, and a push service may take its time.
    (event as ExtendableEvent).waitUntil(renew(newSubscription, Date.now()).catch(() => undefined));
  });
}

start();
