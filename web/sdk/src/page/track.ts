/**
 * Events on their way to Heliograph: gathered for a few seconds, sent in batches, by beacon when the page is left, and
 * kept for the next page while there is no way through. Each has an id of its own, so that sending twice counts once.
 */

import { call, type Address, type Identity } from "../shared/api";
import { explained, HeliographError } from "../shared/errors";
import { json, type Measure } from "../shared/json";
import type { Keeper } from "./keeper";
import { loose, words } from "./shapes";
import { random } from "./visitor";

export interface Tracker {
  /** Puts an event into the next batch. `at` is now. */
  track(name: string, properties: unknown): void;
  /** Puts attributes of the person into the next batch; null removes one. */
  attributes(values: Readonly<Record<string, unknown>>): void;
  /** Sends a batch soon, even one without events: there is news of who this is. */
  soon(): void;
  flush(): Promise<void>;
  /** Takes up what an earlier page could not send. */
  resume(): void;
  /** The page is left, perhaps for good: what waits goes by beacon or stays for the next page. */
  leave(gone: boolean): void;
  /** Drops what waits. */
  drop(): void;
}

export interface Sender {
  readonly window: Window;
  readonly address: Address;
  readonly keeper: Keeper;
  readonly visitor: () => string | undefined;
  /** The proof of who this is, until it was refused. */
  readonly identity: () => Identity | undefined;
  readonly failed: (error: HeliographError) => void;
}

/** The server's limits. */
const BATCH = 100;
const PROPERTIES: Measure = { nodes: 600, members: 100, text: 1000, depth: 5 };
const EVENT_SIZE = 16_000;
/** Browsers let 64 KiB survive a page, in UTF-8; three bytes for one character is the worst there is. */
const BODY_SIZE = 60_000;
/** What waits for a way through: the oldest go first. */
const KEPT = 500;
const KEPT_SIZE = 256_000;

const SOON = 2_000;
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 5 * 60_000;

const NAME = "queue";
const PATH = "/events";

/** A request that is wrong in itself will never be taken. */
const hopeless = ({ status }: HeliographError) => [400, 403, 404, 413, 415, 422].includes(status);

interface Left {
  /** Whose they are: the next person at this browser is another. */
  readonly visitor: string | undefined;
  readonly events: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

interface Answer {
  readonly refused?: readonly { readonly index: number; readonly code: string; readonly detail: string }[];
  readonly identified?: boolean;
}

function isJson(text: unknown): text is string {
  try {
    return typeof text === "string" && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

const bytes = (text: string): number => new TextEncoder().encode(text).length;

export function makeTracker(sender: Sender): Tracker {
  const { window, address, keeper, failed } = sender;
  const { navigator, location, document } = window;
  let queue: string[] = [];
  let attributes: Record<string, string> = {};
  /** In a request that has not been answered. */
  let underWay: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = 0;
  let sending: Promise<void> | undefined;
  /** Whose the queue is. Another tab may have logged out meanwhile. */
  let owner: string | undefined;
  /** How often the queue was given up: what is under way does not come back into the next one. */
  let round = 0;
  let refused: Identity | undefined;
  let told: Identity | undefined;

  function later(milliseconds: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush();
    }, milliseconds);
  }

  /** The proof that the server has yet to hear of. */
  const identity = () => {
    const proof = sender.identity();
    return proof === refused || proof === told ? undefined : proof;
  };

  /** What an earlier page, or another tab, left: only what is an event of ours. */
  function left(): Left {
    const kept = loose(keeper.get(NAME));
    const events = Array.isArray(kept["events"]) ? (kept["events"] as unknown[]) : [];
    const values = loose(kept["attributes"]);
    const sound: Record<string, string> = {};
    for (const name of Object.keys(values)) if (isJson(values[name])) sound[name] = values[name];
    return { visitor: words(kept["visitor"]), events: events.filter(isJson).filter((one) => one.startsWith('{"id":')), attributes: sound };
  }

  function keep(events: readonly string[]): void {
    const before = left();
    const same = before.visitor === owner;
    const newest = [...new Set([...(same ? before.events : []), ...events])].reverse().slice(0, KEPT);
    let size = 0;
    const fitting = newest.filter((one) => (size += one.length) < KEPT_SIZE).reverse();
    const values = { ...(same ? before.attributes : {}), ...attributes };
    keeper.set(NAME, { visitor: owner, events: fitting, attributes: values });
  }

  /** Sees to it that what comes now is told of the person who is here now. False when nobody may be told of. */
  function own(): boolean {
    const visitor = sender.visitor();
    if (visitor !== owner) leave(false);
    owner = visitor;
    return visitor !== undefined;
  }

  /** Takes the next batch out of the queue: at most 100 events, and no more than a beacon carries. */
  function batch(): string[] {
    let size = 2_000;
    let count = 0;
    while (count < queue.length && count < BATCH && (size += bytes(queue[count]!) + 1) < BODY_SIZE) count++;
    return queue.splice(0, Math.max(count, 1));
  }

  function body(events: readonly string[], values: Readonly<Record<string, string>>): string {
    const head = json(
      {
        visitor: owner,
        identity: identity(),
        sent_at: new Date().toISOString(),
        context: {
          language: navigator.language || undefined,
          time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone || undefined,
          url: location.href,
          referrer: document.referrer || undefined,
        },
      },
      { nodes: 50, members: 50, text: 2000, depth: 3 },
    ).text!;
    const named = Object.keys(values).map((name) => `${JSON.stringify(name)}:${values[name]}`);
    const more = named.length ? `,"attributes":{${named.join()}}` : "";
    return `${head.slice(0, -1)}${more},"events":[${events.join()}]}`;
  }

  async function post(): Promise<boolean> {
    const begun = round;
    const events = batch();
    const values = attributes;
    const proof = identity();
    attributes = {};
    underWay = events;
    const back = () => {
      if (begun !== round) return;
      queue = [...events, ...queue];
      attributes = { ...values, ...attributes };
    };
    try {
      const text = body(events, values);
      const answer = await call<Answer | undefined>(address, "POST", PATH, { simple: true, text });
      for (const { index, code, detail } of answer?.refused ?? [])
        failed(new HeliographError("refused", `event ${index} of ${events.length}: ${detail}`, 202, code));
      told = proof ?? told;
      pause = 0;
    } catch (thrown) {
      const error = explained(thrown, "internal", "track");
      failed(error);
      if (error.problem === "identity_refused" && proof) {
        // A proof that expired costs the name, not the events.
        refused = proof;
        back();
      } else if (!hopeless(error)) {
        back();
        pause = Math.min(pause * 2 || FIRST_PAUSE, LONGEST_PAUSE);
        return false;
      }
    } finally {
      underWay = [];
    }
    return true;
  }

  const waits = () => !idle() || identity() !== undefined;

  async function run(): Promise<void> {
    // Only after a batch is through may the next go, or they would come in any order.
    while (own() && waits()) if (!(await post())) return later(pause);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    return (sending ??= run().finally(() => (sending = undefined)));
  }

  function drop(): void {
    round++;
    queue = [];
    attributes = {};
  }

  const idle = () => !queue.length && !Object.keys(attributes).length;

  function leave(gone: boolean): void {
    if (!owner) return drop();
    const open = !pause && navigator.onLine !== false;
    while (open && !idle()) {
      const events = batch();
      const url = `${address.api}/v1/public${PATH}?key=${encodeURIComponent(address.key)}`;
      if (!navigator.sendBeacon?.(url, body(events, attributes))) {
        queue = [...events, ...queue];
        break;
      }
      attributes = {};
    }
    // Those under way are sent, perhaps, but nobody will be there for the answer.
    const rest = gone ? [...underWay, ...queue] : queue;
    if (rest.length || !idle()) keep(rest);
    drop();
  }

  return {
    flush,
    drop,
    soon: () => later(SOON),
    track(name, properties) {
      if (!own()) return;
      const at = new Date().toISOString();
      let { text, cut } = json(properties, PROPERTIES);
      if (text && text.length > EVENT_SIZE) {
        ({ text } = json(properties, { ...PROPERTIES, text: 100, nodes: 100 }));
        cut = true;
      }
      if (cut) failed(new HeliographError("misconfigured", `${name}: too large, and cut`));
      queue.push(`{"id":"${random(12)}","name":${JSON.stringify(name)},"at":"${at}","properties":${text ?? "{}"}}`);
      if (queue.length > KEPT) queue.shift();
      later(pause || SOON);
      if (queue.length === BATCH && !pause) void flush();
    },
    attributes(values) {
      if (!own()) return;
      for (const name of Object.keys(values).slice(0, 100)) {
        const { text, cut } = json(values[name], { ...PROPERTIES, depth: 3 });
        if (cut) failed(new HeliographError("misconfigured", `attribute ${name.slice(0, 64)}: too large, and cut`));
        if (text !== undefined) attributes[name.slice(0, 64)] = text;
      }
      later(pause || SOON);
    },
    resume() {
      const found = left();
      if (!idle() && found.visitor !== owner) return;
      keeper.set(NAME, undefined);
      owner = found.visitor ?? owner;
      queue = [...new Set([...found.events, ...queue])];
      attributes = { ...found.attributes, ...attributes };
      if (!idle()) later(SOON);
    },
    leave,
  };
}
