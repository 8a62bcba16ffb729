/**
 * What a push says, read so that nothing is thrown away: whatever cannot be understood is still shown.
 *
 * Declarative Web Push (`web_push: 8030`) is the one format for all browsers; specs differ only in how it arrives: as
 * `event.data` everywhere, as `event.notification` on Apple, where `event.data` is then null.
 */

import { CLICK_PARAMETER } from "../shared/messages";

/** Untrusted members of a notification, by their names in the payload. */
export type Raw = Readonly<Record<string, unknown>>;

export interface Received {
  /** Text of `event.data`; null when the push had no payload. */
  readonly text: string | null;
  /** `event.notification` of a declarative push that is mutable. */
  readonly declared: Raw | null;
}

export interface Site {
  /** True where this worker is ours alone, so that every push is; false inside a site's own worker. */
  readonly alone: boolean;
  /** Shown for a push that says nothing. */
  readonly title: string;
  readonly body: string;
}

interface Ids {
  /** Delivery token `dlv_….<mac>`, for receipts. */
  readonly delivery?: string | undefined;
  readonly notification?: string | undefined;
}

export type Push =
  | ({ readonly kind: "show"; readonly content: Raw; readonly declarative: boolean } & Ids)
  | ({ readonly kind: "data"; readonly data: unknown } & Ids)
  | { readonly kind: "foreign" };

const isObject = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);
const words = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value) || undefined : undefined;

function fromText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function clickToken(url: unknown): string | undefined {
  try {
    return new URL(String(url)).searchParams.get(CLICK_PARAMETER) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Gives a notification the two members without which a person sees nothing. */
function complete(content: Raw, site: Site): Raw {
  const title = words(content["title"]);
  const body = words(content["body"]);
  return { ...content, title: title ?? site.title, ...(body || title ? { body: body ?? "" } : { body: site.body }) };
}

function show(content: Raw, site: Site, ids: Ids = {}, declarative = false): Push {
  return { kind: "show", content: complete(content, site), declarative, ...ids };
}

function parseDeclared(declared: Raw, site: Site): Push {
  const delivery = clickToken(declared["navigate"]);
  if (!delivery && !site.alone) return { kind: "foreign" };
  return show(declared, site, { delivery }, true);
}

export function parse({ text, declared }: Received, site: Site): Push {
  if (declared) return parseDeclared(declared, site);
  const value = fromText(text ?? "");
  if (!isObject(value)) return site.alone ? show({ body: words(value) }, site) : { kind: "foreign" };

  const envelope = value["heliograph"];
  if (!isObject(envelope) && !site.alone) return { kind: "foreign" };
  const ids: Ids = isObject(envelope) ? { delivery: words(envelope["d"]), notification: words(envelope["n"]) } : {};

  const content = value["notification"];
  if (isObject(content)) return show(content, site, ids);
  if (isObject(envelope) && content === undefined && "data" in value)
    return { kind: "data", data: value["data"], ...ids };
  // Somebody else's shape, or a broken one: `{title, body}` is the commonest of those.
  return show(words(content) ? { body: content } : value, site, ids);
}
