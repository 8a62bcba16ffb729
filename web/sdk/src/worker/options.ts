/**
 * Options for showNotification() that no browser can refuse.
 *
 * One bad member makes showNotification() throw and the notification is lost (Notifications API: `renotify` without
 * `tag`, `silent` with `vibrate`), so every member is checked and what does not fit is left out.
 */

import type { Raw } from "./payload";

/** What a notification carries in its `data`, for the click. The sender's own JSON is in `data.data`. */
export interface Carried {
  readonly heliograph: {
    readonly delivery: string | null;
    readonly notification: string | null;
    readonly navigate: string;
    readonly actions: Readonly<Record<string, string>>;
  };
  readonly data: unknown;
}

/** TypeScript's own type lacks what not every browser has. */
export interface ShowOptions extends NotificationOptions {
  renotify?: boolean;
  image?: string;
  vibrate?: number[];
  timestamp?: number;
  navigate?: string;
  actions?: { action: string; title: string; icon?: string }[];
}

export interface Surroundings {
  /** Base of relative addresses: the worker's own URL. */
  readonly base: string;
  readonly maxActions: number;
  /** Tag of a notification that has none. */
  readonly tag?: string | undefined;
  readonly notification?: string | undefined;
  readonly delivery?: string | undefined;
  /**
   * Apple refuses a declarative notification shown again without `navigate`; Firefox, given one, would skip the click
   * event.
   */
  readonly keepNavigate: boolean;
}

const TYPES = { body: "string", lang: "string", silent: "boolean", requireInteraction: "boolean", timestamp: "number" };
const IMAGES = ["icon", "image", "badge"] as const;

function absolute(value: unknown, base: string, allowed: RegExp): string | undefined {
  if (typeof value !== "string" || !value) return undefined;
  try {
    const url = new URL(value, base);
    return allowed.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

const WEB = /^https?:$/;
const PICTURE = /^(https?|data):$/;

/** Where a click may lead: http and https only, so that no payload can smuggle in a script. */
export const destination = (value: unknown, base: string): string | undefined => absolute(value, base, WEB);

export function sanitise(content: Raw, around: Surroundings): { title: string; options: ShowOptions } {
  const { base } = around;
  const options: ShowOptions = {};
  for (const [name, type] of Object.entries(TYPES))
    if (typeof content[name] === type) (options as Record<string, unknown>)[name] = content[name];
  for (const name of IMAGES) {
    const url = absolute(content[name], base, PICTURE);
    if (url) options[name] = url;
  }
  const { dir, vibrate } = content;
  if (dir === "ltr" || dir === "rtl" || dir === "auto") options.dir = dir;

  const tag = typeof content["tag"] === "string" && content["tag"] ? content["tag"] : around.tag;
  if (tag) options.tag = tag;
  // A notification that is to alert again and to be silent contradicts itself: silence wins.
  if (tag && content["renotify"] === true && !options.silent) options.renotify = true;
  if (Array.isArray(vibrate) && !options.silent && vibrate.every((ms) => Number.isInteger(ms) && ms >= 0))
    options.vibrate = vibrate;

  const navigate = destination(content["navigate"], base) ?? new URL("/", base).href;
  if (around.keepNavigate) options.navigate = navigate;

  const links: Record<string, string> = {};
  const buttons = [];
  for (const item of Array.isArray(content["actions"]) ? content["actions"] : []) {
    const { action, title, icon, navigate: own } = (item ?? {}) as Record<string, unknown>;
    if (typeof action !== "string" || typeof title !== "string" || !action || !title) continue;
    if (buttons.length >= around.maxActions) break;
    const picture = absolute(icon, base, PICTURE);
    buttons.push({ action, title, ...(picture ? { icon: picture } : {}) });
    const link = destination(own, base);
    if (link) links[action] = link;
  }
  if (buttons.length) options.actions = buttons;

  const carried: Carried = {
    heliograph: {
      delivery: around.delivery ?? null,
      notification: around.notification ?? null,
      navigate,
      actions: links,
    },
    data: content["data"] ?? null,
  };
  options.data = carried;
  return { title: String(content["title"]), options };
}
