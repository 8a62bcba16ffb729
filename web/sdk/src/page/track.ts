/**
 * Events on their way to Heliograph: kept in the site's storage from the moment they happen until the server has taken
 * them, sent in batches, and by beacon when the page is left. So a closed page, a crash or a tunnel only makes them
 * late. Each has an id of its own: two tabs that send the same one, or one that is sent twice, count once.
 */

import { call, type Address, type Identity } from "../shared/api";
import { explained, HeliographError } from "../shared/errors";
import { json, type Measure } from "../shared/json";
import type { Keeper } from "./keeper";
import { locked } from "./lock";
import { loose, words } from "./shapes";
import { random } from "./visitor";

export interface Tracker {
  /** Puts an event into the next batch. */
  track(name: string, properties: unknown): void;
  /** Puts attributes of the person into the next batch; null removes one. */
  attributes(values: Readonly<Record<string, unknown>>): void;
  /** Sends soon: what waits, or the news of who this is. */
  soon(): void;
  flush(): Promise<void>;
  /** The page is left, perhaps for good, or by this person: what waits goes by beacon. */
  leave(): void;
}

export interface Sender {
  readonly window: Window;
  readonly address: Address;
  readonly keeper: Keeper;
  readonly visitor: () => string | undefined;
  /** The proof of who this is. */
  readonly identity: () => Identity | undefined;
  readonly failed: (error: HeliographError) => void;
}

/** As JSON each, so that nothing of the page's is held on to, and what is bounded stays bounded. */
interface Queue {
  /** Whose they are; the next person at this browser is another. */
  readonly visitor: string | undefined;
  readonly events: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

interface Answer {
  readonly refused?: readonly { readonly index: number; readonly code: string; readonly detail: string }[];
}

/** The server's limits. */
const BATCH = 100;
const PROPERTIES: Measure = { nodes: 600, members: 100, text: 1000, depth: 5 };
const SMALL: Measure = { ...PROPERTIES, nodes: 60, text: 100 };
const EVENT_SIZE = 16_000;
const NAME_SIZE = 64;
/** Browsers let 64 KiB of UTF-8 survive a page; what surrounds the events takes a part. */
const BODY_SIZE = 50_000;
/** What waits for a way through: the oldest go first. */
const KEPT = 300;
const KEPT_SIZE = 250_000;

const SOON = 2_000;
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 300_000;

const NAME = "queue";

/** A request that is wrong in itself will never be taken. */
const HOPELESS = [400, 403, 404, 413, 415, 422];

const at = (): string => new Date(Date.now()).toISOString();
const bytes = (text: string): number => new TextEncoder().encode(text).length;

function isJson(text: unknown): text is string {
  try {
    return typeof text === "string" && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

export function makeTracker({ window, address, keeper, visitor, identity, failed }: Sender): Tracker {
  const { navigator, location, document } = window;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = 0;
  let sending: Promise<void> | undefined;
  /** Proofs that the server knows, or does not want. */
  const settled = new Set<Identity>();

  /** The proof that the server has yet to hear of. */
  function news(): Identity | undefined {
    const proof = identity();
    return proof && !settled.has(proof) ? proof : undefined;
  }

  /** What waits; other scripts write to the storage too, so only what is an event is taken from it. */
  function queue(): Queue {
    const kept = loose(keeper.get(NAME));
    const events = Array.isArray(kept["events"]) ? (kept["events"] as unknown[]).filter(isJson) : [];
    const attributes: Record<string, string> = {};
    for (const [name, value] of Object.entries(loose(kept["attributes"]))) if (isJson(value)) attributes[name] = value;
    return { visitor: words(kept["visitor"]), events, attributes };
  }

  function keep({ visitor, events, attributes }: Queue): void {
    let size = 0;
    const newest = [...events].reverse().slice(0, KEPT);
    const fitting = newest.filter((one) => (size += one.length) < KEPT_SIZE).reverse();
    const empty = !fitting.length && !Object.keys(attributes).length;
    keeper.set(NAME, empty ? undefined : { visitor, events: fitting, attributes });
  }

  function add(events: readonly string[], attributes: Readonly<Record<string, string>>): void {
    const name = visitor();
    if (!name) return;
    // Another person is here, perhaps since a logout in another tab.
    if (![undefined, name].includes(queue().visitor)) leave();
    const waiting = queue();
    keep({
      visitor: name,
      events: [...waiting.events, ...events],
      attributes: { ...waiting.attributes, ...attributes },
    });
    soon();
  }

  /** Takes what the server has heard of out of the queue, where other tabs may have put more meanwhile. */
  function done(batch: Queue): void {
    const { visitor, events, attributes } = queue();
    if (visitor !== batch.visitor) return;
    const sent = new Set(batch.events);
    const left = Object.entries(attributes).filter(([name, value]) => batch.attributes[name] !== value);
    keep({ visitor, events: events.filter((one) => !sent.has(one)), attributes: Object.fromEntries(left) });
  }

  /** The next batch: at most 100 events, and no more than a beacon carries. */
  function next(): Queue | undefined | "" {
    const waiting = queue();
    let size = 0;
    const events = waiting.events.slice(0, BATCH).filter((one) => (size += bytes(one) + 1) < BODY_SIZE);
    if (events.length || Object.keys(waiting.attributes).length) return { ...waiting, events };
    const name = visitor();
    return name && news() && { ...waiting, visitor: name };
  }

  function body({ visitor, events, attributes }: Queue): string {
    const head = {
      visitor,
      identity: news(),
      sent_at: at(),
      context: {
        language: navigator.language || undefined,
        time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone || undefined,
        url: location.href,
        referrer: document.referrer || undefined,
      },
    };
    const { text } = json(head, { ...PROPERTIES, text: 4000 });
    const named = Object.entries(attributes).map(([name, value]) => JSON.stringify(name) + ":" + value);
    return `${text!.slice(0, -1)},"attributes":{${named.join()}},"events":[${events.join()}]}`;
  }

  async function run(): Promise<void> {
    for (let batch; visitor() && (batch = next()); ) {
      const proof = news();
      try {
        const text = body(batch);
        const answer = await call<Answer | undefined>(address, "POST", "/events", { simple: true, text });
        for (const { index, code, detail } of answer?.refused ?? [])
          failed(new HeliographError("refused", `event ${index}: ${detail}`, 202, code));
        pause = 0;
      } catch (thrown) {
        const error = explained(thrown, "internal", "events");
        failed(error);
        if (error.problem === "identity_refused" && proof) {
          // A proof that expired costs the name, not the events.
          settled.add(proof);
          continue;
        }
        if (!HOPELESS.includes(error.status)) {
          pause = Math.min(pause * 2 || FIRST_PAUSE, LONGEST_PAUSE);
          return soon();
        }
      }
      if (proof) settled.add(proof);
      done(batch);
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    return (sending ??= locked("heliograph:events", run).finally(() => (sending = undefined)));
  }

  function soon(): void {
    timer ??= setTimeout(() => void flush(), pause || SOON);
  }

  function leave(): void {
    // A beacon that fails is lost without a word, so it is not used where there is no way through.
    if (pause || navigator.onLine === false) return;
    const url = `${address.api}/v1/public/events?key=${encodeURIComponent(address.key)}`;
    for (let batch; (batch = next()) && navigator.sendBeacon?.(url, body(batch)); ) {
      const proof = news();
      if (proof) settled.add(proof);
      done(batch);
    }
  }

  const shorter = (what: string) => failed(new HeliographError("misconfigured", `${what}: too large, and cut`));

  return {
    flush,
    soon,
    leave,
    track(name, properties) {
      let { text = "{}", cut } = json(properties, PROPERTIES);
      if (text.length > EVENT_SIZE) ({ text = "{}", cut } = { ...json(properties, SMALL), cut: true });
      if (cut) shorter(name);
      add([`{"id":"${random(12)}","name":"${name}","at":"${at()}","properties":${text}}`], {});
      if (queue().events.length >= BATCH && !pause) void flush();
    },
    attributes(values) {
      const sound: Record<string, string> = {};
      for (const name of Object.keys(values).slice(0, 100)) {
        const { text, cut } = json(values[name], PROPERTIES);
        if (cut || name.length > NAME_SIZE) shorter("attribute " + name.slice(0, NAME_SIZE));
        if (text !== undefined) sound[name.slice(0, NAME_SIZE)] = text;
      }
      add([], sound);
    },
  };
}
