/** A push: show first, everything else afterwards; or, for a data push, hand the data on. */

import { bareId, type Message } from "../shared/messages";
import { flush } from "../shared/receipts";
import { alone, heliograph, scope, send, worker } from "./context";
import { sanitise, type ShowOptions } from "./options";
import { parse, type Push, type Raw, type Received } from "./payload";
import { claim, settle } from "./seen";

export function receive(event: PushEvent): Received {
  let text: string | null = null;
  try {
    text = event.data?.text() ?? null;
  } catch {
    // Not UTF-8 somewhere: an empty push is still a push.
  }
  const notification = (event as unknown as { notification?: Raw }).notification;
  if (!notification) return { text, declared: null };
  const declared: Record<string, unknown> = {};
  // Its members are inherited getters, which a spread would miss.
  for (const name in notification) declared[name] = notification[name];
  return { text, declared };
}

export function read(event: PushEvent): Push {
  const { title, body } = worker.heliograph?.fallback ?? {};
  const site = { alone, title: title || worker.location.hostname, body: body || "You have a new notification." };
  return parse(receive(event), site);
}

async function display(title: string, options: ShowOptions): Promise<void> {
  const show = (some: ShowOptions) => worker.registration.showNotification(title, some);
  const { body = "", tag = "", data, navigate } = options;
  try {
    await show(options);
  } catch {
    // A browser that knows an option better than we do: what a person reads and where a click leads is enough.
    await show({ body, tag, data, ...(navigate ? { navigate } : {}) });
  }
}

export async function showPush(push: Push & { kind: "show" }, now: number): Promise<void> {
  const { delivery, notification, content, declarative } = push;
  const id = bareId(delivery);
  if (id && !(await claim(id))) return;
  let shownAt = 0;
  try {
    const { title, options } = sanitise(content, {
      base: worker.location.href,
      maxActions: (Notification as unknown as { maxActions?: number }).maxActions ?? 2,
      tag: id ?? undefined,
      notification,
      delivery,
      keepNavigate: declarative,
    });
    await display(title, options);
    shownAt = now;
  } finally {
    // Not one after the other: where storage hangs, both take seconds, and there are five.
    await Promise.all([id && settle(id, shownAt), shownAt && delivery && send("displayed", delivery, now)]);
  }
}

export async function broadcast(message: Message): Promise<void> {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const client of windows) client.postMessage(message);
}

export async function handData(push: Push & { kind: "data" }, now: number): Promise<void> {
  const { data } = push;
  const delivery = bareId(push.delivery);
  const notification = push.notification ?? null;
  if (delivery && !(await claim(delivery))) return;
  const listener = worker.heliograph?.onData;
  await Promise.all([
    broadcast({ heliograph: "data", data, notification, delivery }),
    // In an async function so that a listener that throws at once cannot keep the data from the pages.
    (async () => listener?.(data, { notification, delivery }))().catch((error) => console.error(error)),
  ]);
  if (delivery) await settle(delivery, now);
  // Nothing was displayed, so there is no receipt; but an event is a chance to send older ones.
  const address = await heliograph();
  if (address) await flush(address, scope());
}
