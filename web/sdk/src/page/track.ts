/**
 * Events on their way to Heliograph: kept in the site's storage from the moment they happen until the server has taken
 * them, sent in batches, and by beacon when the page is left. So a closed page, a crash or a tunnel only makes them
 * late. Each has an id of its own: two tabs that send the same one, or one that is sent twice, count once.
 */

import { call, type Address, type Identity } from "../shared/api";
import { size } from "../shared/bytes";
import { explained, HeliographError } from "../shared/errors";
import { json } from "../shared/json";
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
  /** Forgets what this page has told of. */
  drop(): void;
}

export interface Sender {
  readonly window: Window;
  readonly address: Address;
  readonly keeper: Keeper;
  readonly visitor: () => string | undefined;
  /** The proof of who this is. */
  readonly identity: () => Identity | undefined;
  /** This browser's subscription, when it is good for saying that its visitor is the same person. */
  readonly subscription: () => Promise<Subscription | undefined>;
  readonly failed: (error: HeliographError) => void;
}

export interface Subscription {
  readonly id: string;
  readonly secret: string;
}

/** As JSON each, so that nothing of the page's is held on to, and what is bounded stays bounded. */
interface Queue {
  /** Whose they are; the next person at this browser is another. */
  readonly visitor: string | undefined;
  /** Events, and changes of attributes: `{"attributes":{…}}`. */
  readonly entries: readonly string[];
}

interface Answer {
  readonly refused?: readonly { readonly index: number; readonly code: string; readonly detail: string }[];
}

/** The server's limits. */
const BATCH = 100;
const ENTRY_SIZE = 8_000;
/** Browsers let 64 KiB of UTF-8 survive a page; what surrounds the events takes a part. */
const BODY_SIZE = 50_000;
/** What waits for a way through: the oldest go first. */
const KEPT = 300;
const KEPT_SIZE = 250_000;

/** Batches that are sent in one go. */
const ROUNDS = 10;

const SOON = 2_000;
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 300_000;

const NAME = "queue";
/** Which visitor the server knows to be which subscription. */
const LINK = "link";

/** A request that is wrong in itself will never be taken. */
const FINAL = [400, 403, 404, 413, 415, 422];

const instant = (milliseconds: number): string => new Date(milliseconds).toISOString();

const isEvent = (entry: string): boolean => entry.startsWith('{"id"');

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function makeTracker(sender: Sender): Tracker {
  const { window, address, keeper, visitor, identity, failed } = sender;
  const { navigator, location, document } = window;
  /** What this page has told of and the server has not taken. */
  let mine: Queue = { visitor: undefined, entries: [] };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = 0;
  let sending: Promise<void> | undefined;
  /** When the last event happened. */
  let last = 0;
  /** Proofs and subscriptions that the server knows, or does not want. */
  const settled = new Set<unknown>();

  /** The proof that the server has yet to hear of. */
  function news(): Identity | undefined {
    const proof = identity();
    return proof && !settled.has(proof) ? proof : undefined;
  }

  /** What is in the storage; other scripts write there too, so it may be anything. */
  function stored(): Queue {
    const { visitor, entries } = loose(keeper.get(NAME));
    const fits = (one: string) => one.length < 2 * ENTRY_SIZE;
    return { visitor: words(visitor), entries: Array.isArray(entries) ? entries.map(String).filter(fits) : [] };
  }

  /** What waits. Of tabs that write at the same moment the storage keeps one's word, so each remembers its own. */
  function queue(): Queue {
    const kept = stored();
    if (!mine.entries.length) return kept;
    const others = kept.visitor === mine.visitor ? kept.entries.filter((one) => !mine.entries.includes(one)) : [];
    return { visitor: mine.visitor, entries: [...others, ...mine.entries] };
  }

  function keep({ visitor, entries }: Queue): void {
    let sum = 0;
    const newest = [...entries].reverse().slice(0, KEPT);
    const fitting = newest.filter((one) => (sum += one.length) < KEPT_SIZE).reverse();
    keeper.set(NAME, fitting.length ? { visitor, entries: fitting } : undefined);
  }

  function add(entry: string): void {
    const name = visitor();
    if (!name) return;
    // Another person is here, perhaps since a logout in another tab.
    if (![undefined, name].includes(queue().visitor)) leave();
    mine = { visitor: name, entries: [...(mine.visitor === name ? mine.entries : []), entry].slice(-KEPT) };
    const waiting = queue();
    keep(waiting);
    soon();
    if (waiting.entries.length >= BATCH && !pause) void flush();
  }

  /** Takes what the server has heard of out of the queue, where other tabs may have put more meanwhile. */
  function done(batch: Queue): void {
    const sent = new Set(batch.entries);
    const without = ({ visitor, entries }: Queue) => ({ visitor, entries: entries.filter((one) => !sent.has(one)) });
    mine = without(mine);
    keep(without(stored()));
  }

  /** The next batch: at most 100 entries, and no more than a beacon carries. */
  function next(link?: Subscription): Queue | undefined {
    const name = visitor();
    const waiting = queue();
    let sum = 0;
    const entries = waiting.entries.slice(0, BATCH).filter((one) => (sum += size(one)) < BODY_SIZE);
    return name && (entries.length || link || news()) ? { visitor: waiting.visitor ?? name, entries } : undefined;
  }

  function body({ visitor, entries }: Queue, link?: Subscription): string {
    const sound = entries.filter(isJson);
    const changes = sound.filter((one) => !isEvent(one)).map((one) => loose(JSON.parse(one))["attributes"]);
    const head = {
      visitor,
      identity: news(),
      subscription: link?.id,
      secret: link?.secret,
      sent_at: instant(Date.now()),
      context: {
        language: navigator.language || undefined,
        time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone || undefined,
        url: location.href,
        referrer: document.referrer || undefined,
      },
      attributes: Object.assign({}, ...changes),
    };
    const [text] = json(head, 1000, 4000);
    return `${text!.slice(0, -1)},"events":[${sound.filter(isEvent).join()}]}`;
  }

  async function run(): Promise<void> {
    const known = await sender.subscription();
    // A storage that forgets nothing must not keep us sending.
    for (let batch, rounds = ROUNDS; rounds--;) {
      const proof = news();
      const pair = `${visitor()} ${known?.id}`;
      const link = keeper.get(LINK) === pair || settled.has(pair) ? undefined : known;
      if (!(batch = next(link))) return;
      try {
        const text = body(batch, link);
        const answer = await call<Answer | undefined>(address, "POST", "/events", { simple: true, text });
        for (const { index, code, detail } of answer?.refused ?? [])
          failed(new HeliographError("refused", `event ${index}: ${detail}`, 202, code));
        if (link) keeper.set(LINK, pair);
        pause = 0;
      } catch (thrown) {
        const error = explained(thrown, "internal", "events");
        failed(error);
        const final = FINAL.includes(error.status);
        if (!final && !(error.status === 401 && link)) {
          pause = Math.min(pause * 2 || FIRST_PAUSE, LONGEST_PAUSE);
          return soon();
        }
        // A proof that expired, a subscription that was forgotten, or attributes that are too many, cost no events.
        if (proof || link) {
          settled.add(proof).add(pair);
          continue;
        }
        const changes = batch.entries.filter((one) => !isEvent(one));
        if (changes.length) batch = { ...batch, entries: changes };
      }
      settled.add(proof);
      done(batch);
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    return (sending ??= locked("heliograph:events", run)
      .catch((error) => failed(explained(error, "internal", "events")))
      .finally(() => (sending = undefined)));
  }

  function soon(): void {
    timer ??= setTimeout(() => void flush(), pause || SOON);
  }

  function leave(): void {
    // A beacon that fails is lost without a word, so it is not used where there is no way through.
    if (pause || navigator.onLine === false) return;
    const url = `${address.api}/v1/public/events?key=${encodeURIComponent(address.key)}`;
    for (let batch; (batch = next()) && navigator.sendBeacon?.(url, body(batch));) {
      settled.add(news());
      done(batch);
    }
  }

  /** Now, but later than the last time: the server orders events by it, and a cart depends on their order. */
  function at(): string {
    const now = Date.now();
    // A clock that was set back is followed.
    last = now > last || now < last - 1_000 ? now : last + 1;
    return instant(last);
  }

  /** Puts what a page has handed over into the queue, in a form that the server takes. */
  function put(what: string, value: unknown, entry: (text: string) => string): void {
    let [text = "{}", cut] = json(value, 600, 1000);
    if (size(text) > ENTRY_SIZE) [text = "{}", cut] = [json(value, 60, 40)[0], true];
    if (cut) failed(new HeliographError("misconfigured", `${what}: too large, and cut`));
    add(entry(text));
  }

  return {
    flush,
    soon,
    leave,
    drop: () => void (mine = { visitor: undefined, entries: [] }),
    track: (name, properties) =>
      put(name, properties, (text) => `{"id":"${random(12)}","name":"${name}","at":"${at()}","properties":${text}}`),
    attributes: (attributes) => put("attributes", { attributes }, String),
  };
}
