/**
 * A page trigger: one question about this page, visit or browser, which a prompt campaign may ask before it shows.
 *
 * One file each, listed in index.ts. A trigger reads what the page knows from Env and keeps nothing of its own but what
 * its watch() notices of the document.
 */

/** As the server sends it; anything may be in it, for servers are newer or older than pages. */
export type Spec = Readonly<Record<string, unknown>>;

export interface Trigger {
  readonly kind: string;
  /** Whether it holds right now. A spec that is not understood does not hold. */
  holds(spec: Spec, env: Env): boolean;
  /**
   * Listens to what Env does not know of, from when a campaign first asks for this kind. Called once per page and kind,
   * not once per campaign; returns the function that ends the listening.
   */
  watch?(env: Env, changed: () => void): () => void;
}

/** utm_source, utm_campaign, utm_medium: those that there are. */
export type Utm = Readonly<Record<string, string>>;

/** The visit: what this browser did on this site, in all its tabs, without half an hour of rest between. */
export interface Session {
  readonly startedAt: number;
  readonly pageViews: number;
  /** How many different items were looked at. */
  readonly products: number;
  /** Address that it began at. */
  readonly entryUrl: string;
  /** Where the person came from, "" when they typed the address. */
  readonly referrer: string;
  readonly utm: Utm;
  /** Addresses of the pages before this one, the oldest first. */
  readonly earlier: readonly string[];
  /** Milliseconds that one of its pages had the focus. */
  readonly focused: number;
}

/** What triggers know; every member is read anew and says how things are now. */
export interface Env {
  readonly window: Window;
  readonly document: Document;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly session: Session;
  readonly page: { readonly url: string; readonly openedAt: number };
  readonly cart: { readonly count: number; readonly total: number };
  /** This browser's first visit. */
  readonly firstVisit: boolean;
  /** The page has said that somebody is logged in. */
  readonly authorised: boolean;
  /** Slots that the page has named in commands. */
  readonly spots: readonly string[];
  /** Name of the custom event that is being fired, and undefined as soon as that is over. */
  readonly moment: string | undefined;
  /** Asks for another look after so many milliseconds, for what comes true by waiting alone. */
  readonly again: (milliseconds: number) => void;
  /**
   * Listens to every change of the above, to moments, and to the looks that again() asked for. The listener runs within
   * the moment. Returns the function that ends the listening.
   */
  readonly listen: (changed: () => void) => () => void;
}
