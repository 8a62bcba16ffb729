/**
 * What this browser remembers of prompts, for all tabs: when each was shown, and until when the person wants to be left
 * alone.
 */

import type { Keeper } from "./keeper";

const NAME = "prompts";
/** Campaigns that are remembered; the ones seen longest ago go first. */
const MOST = 50;

export interface Frequency {
  /** At most so many times in `per_seconds`, or ever. */
  readonly shows?: number | null;
  readonly per_seconds?: number | null;
  readonly later_seconds: number;
  readonly close_seconds: number;
}

/** Milliseconds since 1970; `wait` in seconds. */
interface Entry {
  readonly shown: readonly number[];
  readonly at?: number;
  readonly wait?: number;
}

type Entries = Record<string, Entry>;

/** Where a person's leaving is kept: who has unsubscribed waits as if they had closed every prompt. */
const LEFT = "left";

export interface Memory {
  /** May it be shown now? */
  allows(campaign: string, frequency: Frequency, now: number): boolean;
  /** Has the person put it off, or done with it, since then? */
  answeredSince(campaign: string, then: number): boolean;
  /** Is it still to be left alone? */
  rests(campaign: string, now: number): boolean;
  shown(campaign: string, frequency: Frequency, now: number): void;
  rest(campaign: string, seconds: number, now: number): void;
  left(now: number): void;
}

/** As the browser's storage event names it. */
export const MEMORY_KEY = "heliograph:" + NAME;

/** A clock that was set back must not make somebody wait for years. */
const within = (at: number | undefined, seconds: number, now: number): boolean =>
  at !== undefined && at <= now && now - at < seconds * 1000;

const lastOf = ({ shown, at = 0 }: Entry): number => Math.max(at, ...shown);

export function makeMemory(keeper: Keeper): Memory {
  /** Other scripts write there too: what is not an entry is as if it were not there. */
  function read(): Entries {
    const entries: Entries = Object.create(null) as Entries;
    for (const [id, entry] of Object.entries((keeper.get(NAME) ?? {}) as Entries))
      if (Array.isArray(entry?.shown)) entries[id] = entry;
    return entries;
  }

  function change(id: string, to: (old: Entry) => Entry): void {
    const entries = read();
    entries[id] = to(entries[id] ?? { shown: [] });
    const kept = Object.entries(entries)
      .sort(([, one], [, other]) => lastOf(other) - lastOf(one))
      .slice(0, MOST);
    keeper.set(NAME, Object.fromEntries(kept));
  }

  const rests = (entry: Entry | undefined, now: number) => within(entry?.at, entry?.wait ?? 0, now);

  return {
    allows(id, { shows, per_seconds, close_seconds }, now) {
      const entries = read();
      const entry = entries[id];
      if (rests(entry, now) || within(entries[LEFT]?.at, close_seconds, now)) return false;
      if (shows == null) return true;
      const counted = entry?.shown.filter((at) => per_seconds == null || within(at, per_seconds, now));
      return (counted?.length ?? 0) < shows;
    },
    answeredSince: (id, then) => (read()[id]?.at ?? 0) >= then,
    rests: (id, now) => rests(read()[id], now),
    shown: (id, { shows }, now) =>
      change(id, (old) => ({ ...old, shown: [...old.shown, now].slice(-Math.min(shows || 1, 50)) })),
    rest: (id, wait, now) => change(id, (old) => ({ ...old, at: now, wait })),
    left: (now) => change(LEFT, (old) => ({ ...old, at: now })),
  };
}
