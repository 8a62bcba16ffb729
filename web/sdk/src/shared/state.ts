/**
 * What this browser remembers of its subscription, one record per service worker scope.
 *
 * Keyed by scope because a push subscription belongs to a registration, and a registration is its scope: two projects
 * on one origin, or a site that moves its worker file, do not mix.
 */

import { changeValue, readAll, readValue, takeValue } from "./storage";

export interface Group {
  readonly name: string;
  readonly identifier: string | null;
}

export interface State {
  /** Publishable key and base address of Heliograph: how a worker without them in its URL finds its server. */
  readonly key: string;
  readonly api: string;
  /** Project that `id` belongs to. A publishable key may be rotated, a project may not be swapped. */
  readonly project?: string;
  /** true: the person asked for notifications; false: the person left; absent: never asked here. */
  readonly wanted?: boolean;
  readonly id?: string;
  readonly secret?: string;
  /** Application server key to subscribe with, base64url. */
  readonly serverKey?: string;
  /** Fingerprint of the endpoint the server was last told. */
  readonly endpoint?: string;
  /** When the server last confirmed the subscription, in milliseconds. */
  readonly refreshedAt?: number;
  readonly groups?: readonly Group[];
  readonly language?: string;
  /** Fingerprint of the external id that the server confirmed. */
  readonly identity?: string;
  /** A logout that the server has not heard of yet. */
  readonly logoutPending?: boolean;
}

const name = (scope: string) => `state:${scope}`;

/** Storage that fails must not stop anybody: then a copy in memory serves until the page or worker ends. */
const memory = new Map<string, State>();

export async function readState(scope: string): Promise<State | undefined> {
  try {
    return await readValue<State>(name(scope));
  } catch {
    return memory.get(scope);
  }
}

/** Applies `change` to the newest record and returns what is now stored. Members set to undefined are dropped. */
export async function changeState(
  scope: string,
  change: (old: State) => Partial<Record<keyof State, unknown>>,
): Promise<State> {
  const apply = (old: State | undefined): readonly [State, State] => {
    const base = old ?? { key: "", api: "" };
    const next: Record<string, unknown> = { ...base, ...change(base) };
    for (const member of Object.keys(next)) if (next[member] === undefined) delete next[member];
    return [next as unknown as State, next as unknown as State];
  };
  let state: State;
  try {
    state = await changeValue(name(scope), apply);
  } catch {
    [state] = apply(memory.get(scope));
  }
  memory.set(scope, state);
  return state;
}

/**
 * Moves the record of a scope that the site has given up to `scope`, so that the person keeps id, groups and history.
 * Returns the old scope, or undefined when there was nothing to move.
 */
export async function adoptState(scope: string, project: string): Promise<string | undefined> {
  try {
    for (const [key, state] of await readAll<State>(name(""))) {
      if (key === name(scope) || state.project !== project || !state.wanted || !state.id) continue;
      await takeValue(key);
      await changeState(scope, () => ({ ...state, endpoint: undefined }));
      return key.slice(name("").length);
    }
  } catch {
    // Without storage there is nothing to find.
  }
  return undefined;
}
