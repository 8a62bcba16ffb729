/** The verbs of the page script. */

import type { Identity } from "../shared/api";
import { HeliographError } from "../shared/errors";
import { flush } from "../shared/receipts";
import { changeState, readState, type State } from "../shared/state";
import { current } from "../shared/subscription";
import type { Emitter } from "./events";
import { group, including, pathOf, without, type GroupLike } from "./groups";
import { checkIdentity, personOf } from "./identity";
import { makeLink } from "./link";
import { locked } from "./lock";
import { registrationAt } from "./registration";
import { ask, DETAIL, look, obstacle, type Unsupported } from "./support";
import type { Tag } from "./tag";
import { makeUpkeep } from "./upkeep";

export interface Status {
  readonly status: Unsupported | "default" | "denied" | "subscribed" | "pending" | "unsubscribed";
  /** One sentence for a developer. */
  readonly detail: string;
  readonly permission: NotificationPermission | null;
  /** Id of the subscription at Heliograph. */
  readonly subscription: string | null;
  readonly identified: boolean;
}

export interface SubscribeOptions {
  readonly groups?: readonly GroupLike[];
  readonly language?: string;
  readonly identity?: Identity;
}

export interface Verbs {
  /** Asks for permission if need be, and subscribes. Call it from a click. */
  subscribe(options?: SubscribeOptions): Promise<Status>;
  unsubscribe(): Promise<Status>;
  status(): Promise<Status>;
  /** Binds the subscription, now or once there is one, to a person; the proof is made by the customer's server. */
  identify(proof: Identity): Promise<{ readonly identified: boolean }>;
  /** Unbinds the person, so that the next one at this browser does not get their notifications. */
  logout(): Promise<{ readonly identified: boolean }>;
  /** Without a subscription a group is remembered and joined with it; `joined` tells which. */
  join(group: GroupLike, identifier?: string | number | null): Promise<{ readonly joined: boolean }>;
  leave(group: GroupLike, identifier?: string | number | null): Promise<{ readonly joined: boolean }>;
}

export interface Client {
  readonly verbs: Verbs;
  /** Who the site says this is, on this page. */
  readonly identity: () => Identity | undefined;
  /** Fetches what a click will need, so that nothing slow is left between the gesture and the browser. */
  readonly prefetch: () => void;
  /** Puts right what changed since the last page. */
  readonly reconcile: () => Promise<void>;
  /** Emits "changed" when the status is another than the last one told, and returns it. */
  readonly announce: () => Promise<Status>;
}

/** There is a row at the server, and the person wants it; one that is being given up is not worked on. */
const isOurs = (state: State | undefined) => state?.wanted === true && state.id !== undefined;

export function makeClient(tag: Tag, events: Emitter): Client {
  const { scope } = tag;
  const link = makeLink(tag);
  const { address } = link;
  const { mend, establish, withdraw, finishLogout, atRow } = makeUpkeep(link, (error) => events.emit("error", error));
  const supported = () => !obstacle(look(window));
  let tail: Promise<unknown> = Promise.resolve();
  let told: Status | undefined;

  /** In the order of the calls, and one at a time over all tabs. */
  function exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(() => locked(`heliograph:${scope}`, work));
    tail = result.catch(() => undefined);
    return result;
  }

  async function status(): Promise<Status> {
    const blocked = obstacle(look(window));
    if (blocked)
      return { status: blocked, detail: DETAIL[blocked], permission: null, subscription: null, identified: false };
    const { permission } = Notification;
    const state = await readState(scope);
    const tell = (what: Status["status"], detail: string): Status => ({
      status: what,
      detail,
      permission,
      subscription: state?.id ?? null,
      identified: state?.identity !== undefined,
    });
    if (permission === "denied") return tell(permission, "notifications of this site are blocked");
    if (permission === "default") return tell(permission, "nobody has been asked yet");
    const registration = await registrationAt(scope);
    const subscription = registration && (await current(registration));
    if (!subscription || !state?.wanted)
      return tell("unsubscribed", "permission is granted, but there is no subscription");
    if (!state.id || !state.endpoint)
      return tell("pending", "the browser is subscribed, but Heliograph does not know it yet");
    return tell("subscribed", "notifications are on");
  }

  async function announce(): Promise<Status> {
    const now = await status();
    const before = told;
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    told = now;
    events.emit("changed", now);
    const is = now.status === "subscribed";
    // The first look of a page finds out and changes nothing.
    if (before && is !== (before.status === "subscribed")) events.emit(is ? "subscribed" : "unsubscribed", now);
    return now;
  }

  async function subscribe(options: SubscribeOptions = {}): Promise<Status> {
    // Nothing may be awaited before ask(), or the click no longer counts.
    const blocked = obstacle(look(window));
    if (blocked) throw new HeliographError(blocked, DETAIL[blocked]);
    const groups = (options.groups ?? []).map((like) => group(like));
    const identity = options.identity && checkIdentity(options.identity);
    const permission = Notification.permission === "default" ? await ask() : Notification.permission;
    if (permission === "default") throw new HeliographError("dismissed", "the question was closed without an answer");
    return exclusive(async () => {
      if (permission === "denied") {
        await announce();
        throw new HeliographError("denied", "notifications of this site are blocked; only the person can change that");
      }
      link.identity = identity ?? link.identity;
      await changeState(scope, (old) => ({
        ...address,
        wanted: true,
        language: options.language ?? old.language,
        groups: including(old.groups, groups),
      }));
      await establish(groups.length > 0);
      return announce();
    });
  }

  const unsubscribe = () =>
    exclusive(async () => {
      await changeState(scope, () => ({ ...address, wanted: false, groups: undefined }));
      if (supported()) await withdraw();
      return announce();
    });

  async function identify(proof: Identity) {
    const identity = checkIdentity(proof);
    link.identity = identity;
    return exclusive(async () => {
      const state = await readState(scope);
      if (!isOurs(state)) return { identified: false };
      const person = await personOf(identity);
      if (state?.identity !== person || state.logoutPending) {
        await atRow("POST", "/identity", identity);
        await changeState(scope, () => ({ identity: person, logoutPending: undefined }));
        await announce();
      }
      return { identified: true };
    });
  }

  async function logout() {
    link.identity = undefined;
    return exclusive(async () => {
      // Written down first: a logout must reach the server even if this page does not live to see it.
      const state = await changeState(scope, (old) => ({
        ...address,
        identity: undefined,
        logoutPending: isOurs(old) || undefined,
      }));
      if (state.logoutPending) await finishLogout();
      await announce();
      return { identified: false };
    });
  }

  async function regroup(join: boolean, like: GroupLike, identifier?: string | number | null) {
    const one = group(like, identifier);
    return exclusive(async () => {
      const subscribed = isOurs(await readState(scope));
      if (subscribed) await atRow(join ? "PUT" : "DELETE", pathOf(one));
      await changeState(scope, (old) => ({
        ...address,
        groups: join ? including(old.groups, [one]) : without(old.groups, one),
      }));
      return { joined: join && subscribed };
    });
  }

  return {
    verbs: {
      subscribe,
      unsubscribe,
      status,
      identify,
      logout,
      join: (...about) => regroup(true, ...about),
      leave: (...about) => regroup(false, ...about),
    },
    identity: () => link.identity,
    prefetch() {
      if (!supported() || Notification.permission === "denied") return;
      // A failure is told by whoever needs the result.
      link.config().catch(() => undefined);
      link.registration().catch(() => undefined);
    },
    async reconcile() {
      await exclusive(() => (supported() ? mend() : Promise.resolve()).finally(announce));
      void flush(address, scope);
    },
    announce,
  };
}
