/**
 * What the site tells: page views, carts, orders, attributes and events of its own, and what triggers know of them.
 * Nothing is stored or sent while the person has not agreed.
 */

import type { Address, Identity } from "../shared/api";
import { explained, HeliographError } from "../shared/errors";
import type { Env } from "../triggers/trigger";
import { makeCommerce } from "./commerce";
import { watchDeclared, type Give } from "./declared";
import { makeFacts } from "./facts";
import { makeKeeper, type Keeper } from "./keeper";
import { pageOf, watchAddress } from "./navigation";
import { loose, words, type Loose } from "./shapes";
import { makeTracker, type Subscription } from "./track";
import { utmOf } from "./visit";
import { forgetVisitor, visitor } from "./visitor";

/** Applications that tell of a page themselves do so within this time of changing the address. */
const SAME_VIEW = 1_000;

export interface Site {
  readonly env: Env;
  readonly keeper: Keeper;
  /** Attributes of the person, unless they have not agreed. */
  readonly attributes: (values: Readonly<Record<string, unknown>>) => void;
  /** Commands that answer at once. */
  readonly verbs: Readonly<Record<string, (...parts: never[]) => unknown>>;
  /** This browser's name for the server; undefined while the person has not agreed, or nothing can be kept. */
  readonly visitor: () => string | undefined;
  readonly track: (name: string, properties: unknown) => void;
  /** There is a proof of who this is. */
  readonly known: () => void;
  /** There is a subscription, which the server should know to be this visitor's. */
  readonly subscribed: () => void;
  /** Whoever was logged in is not any more. */
  readonly forget: () => void;
  /** Begins to work: the page is looked at. `give` takes the commands that the page holds as elements. */
  readonly begin: (give: Give) => void;
  /** Calls when the page has become another one. */
  readonly moved: (listener: () => void) => void;
}

interface Surroundings {
  readonly window: Window;
  readonly address: Address;
  /** What the tag says. */
  readonly track: boolean;
  readonly identity: () => Identity | undefined;
  readonly identify: (proof: Identity) => Promise<unknown>;
  readonly subscription: () => Promise<Subscription | undefined>;
  readonly failed: (error: HeliographError) => void;
}

/** Browsers of people who object to being followed; see docs/decisions/consent.md. */
const objects = ({ navigator }: Window): boolean =>
  (navigator as { globalPrivacyControl?: unknown }).globalPrivacyControl === true;

export function makeSite(around: Surroundings): Site {
  const { window, address, track: wanted, identity, identify, subscription, failed } = around;
  const { document, location } = window;
  const fault = (error: unknown) => failed(explained(error, "internal", "site"));
  const keeper = makeKeeper(window);
  let allowed = wanted && !objects(window);
  if (allowed) keeper.allow(true);
  const facts = makeFacts(window, keeper, fault);
  // While somebody logs out the subscription may still be theirs, and whoever comes next is not.
  let same = true;
  const link = async () => (same ? subscription() : undefined);
  const name = () => (allowed ? visitor(keeper) : undefined);
  const tracker = makeTracker({ window, address, keeper, visitor: name, identity, failed, subscription: link });
  const track = (event: string, properties: unknown) => {
    if (allowed) tracker.track(event, properties);
  };

  const listeners: (() => void)[] = [];
  let last = "";
  let lastAt = 0;
  let again: () => void = () => undefined;

  /** Tells of a page view, with what the command says of it. */
  function tell(about: Loose, referrer: string): void {
    const url = new URL(words(about["url"]) ?? location.href, location.href).href;
    const title = words(about["title"] ?? document.title);
    track("page_view", { url, title, referrer: referrer || undefined, ...utmOf(location.href) });
    for (const listener of listeners) listener();
  }

  function view(about: Loose = {}, referrer = ""): void {
    last = pageOf(location.href);
    lastAt = Date.now();
    facts.opened(referrer);
    tell(about, referrer);
  }

  /** Does something for the browser; no fault of ours may reach the page. */
  const guarded = (work: (event: Event) => unknown) => (event: Event) => {
    try {
      work(event);
    } catch (error) {
      fault(error);
    }
  };
  const on = (target: EventTarget, type: string, work: (event: Event) => unknown) =>
    target.addEventListener(type, guarded(work));

  const attributes = (values: Readonly<Record<string, unknown>>) => {
    if (allowed) tracker.attributes(values);
  };

  const commerce = makeCommerce({ facts, track, attributes, identify });

  function consent(agreed: unknown): void {
    if (agreed === true && allowed) return;
    allowed = agreed === true;
    if (!allowed) tracker.drop();
    keeper.allow(allowed);
    // Seen already, but nobody was told.
    if (allowed && last) tell({}, document.referrer);
  }

  function reInit(): void {
    // The change of address was seen already.
    if (pageOf(location.href) !== last || Date.now() - lastAt > SAME_VIEW) view();
    again();
  }

  return {
    env: facts.env,
    keeper,
    attributes,
    visitor: name,
    track,
    verbs: { ...commerce.verbs, trackPageView: (about: unknown) => view(loose(about)), consent, reInit },
    known() {
      facts.authorise(true);
      tracker.soon();
    },
    subscribed: tracker.soon,
    forget() {
      same = false;
      commerce.forget();
      // What they did is theirs: sent before the next person gets another name.
      tracker.leave();
      forgetVisitor(keeper);
    },
    moved: (listener) => void listeners.push(listener),
    begin(give) {
      view({}, document.referrer);
      const moved = guarded(() => pageOf(location.href) !== last && view({ title: "" }));
      watchAddress(window, moved as () => void);
      // Back from the browser's cache of pages.
      on(window, "pageshow", (event) => (event as PageTransitionEvent).persisted && view());
      on(document, "visibilitychange", () => document.visibilityState === "hidden" && tracker.leave());
      on(window, "pagehide", tracker.leave);
      on(window, "online", tracker.flush);
      const read = () => {
        again = watchDeclared(document, give);
      };
      if (document.readyState === "loading") on(document, "DOMContentLoaded", read);
      else read();
    },
  };
}
