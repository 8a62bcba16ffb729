/** The verbs of the page script. */

import { call, fetchConfig, type Config, type Identity, type Registered } from "../shared/api";
import { fingerprint } from "../shared/bytes";
import { explained, HeliographError } from "../shared/errors";
import { flush } from "../shared/receipts";
import { adoptState, changeState, readState, type State } from "../shared/state";
import { current, keyOf, obtain } from "../shared/subscription";
import { REFRESH_AFTER } from "../shared/timing";
import { upload } from "../shared/upload";
import type { Emitter } from "./events";
import { group, including, pathOf, without, type GroupLike } from "./groups";
import { checkIdentity, personOf } from "./identity";
import { decide } from "./reconcile";
import { register, registrationAt } from "./registration";
import { ask, DETAIL, look, obstacle, type Unsupported } from "./support";
import type { Tag } from "./tag";

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

const FORGET_ROW = { id: undefined, secret: undefined, endpoint: undefined, refreshedAt: undefined, identity: undefined };

/** The row is gone at the server, or our secret for it. */
const lost = (error: unknown) => error instanceof HeliographError && (error.status === 404 || error.status === 401);

export class Client {
  private identity: Identity | undefined;
  private configured: Promise<Config> | undefined;
  private registered: Promise<ServiceWorkerRegistration> | undefined;
  private tail: Promise<unknown> = Promise.resolve();
  private last = "";

  constructor(
    private readonly tag: Tag,
    private readonly events: Emitter,
  ) {}

  // -- commands ---------------------------------------------------------------------------------------------------

  /** Asks for permission if need be, and subscribes. Call it from a click. */
  async subscribe(options: SubscribeOptions = {}): Promise<Status> {
    // Nothing may be awaited before ask(), or the click no longer counts.
    const blocked = obstacle(look(window));
    if (blocked) throw new HeliographError(blocked, DETAIL[blocked]);
    const groups = (options.groups ?? []).map((like) => group(like));
    const identity = options.identity && checkIdentity(options.identity);
    const permission = Notification.permission === "default" ? await ask() : Notification.permission;
    if (permission !== "granted") {
      void this.announce();
      throw permission === "denied"
        ? new HeliographError("denied", "notifications are blocked for this site; only the person can change that, in the browser's settings")
        : new HeliographError("dismissed", "the question was closed without an answer");
    }
    return this.exclusive(async () => {
      this.identity = identity ?? this.identity;
      await changeState(this.tag.scope, (old) => ({
        ...this.address,
        wanted: true,
        language: options.language ?? old.language,
        groups: including(old.groups, groups),
      }));
      await this.establish(groups.length > 0);
      return this.announce();
    });
  }

  async unsubscribe(): Promise<Status> {
    return this.exclusive(async () => {
      await changeState(this.tag.scope, () => ({ ...this.address, wanted: false, groups: undefined }));
      await this.withdraw();
      return this.announce();
    });
  }

  async status(): Promise<Status> {
    const blocked = obstacle(look(window));
    const nobody = { permission: null, subscription: null, identified: false };
    if (blocked) return { status: blocked, detail: DETAIL[blocked], ...nobody };
    const { permission } = Notification;
    const state = await readState(this.tag.scope);
    const about = { permission, subscription: state?.id ?? null, identified: state?.identity !== undefined };
    if (permission === "denied") return { status: "denied", detail: "the person has blocked notifications of this site", ...about };
    if (permission === "default") return { status: "default", detail: "nobody has been asked yet", ...about };
    const registration = await registrationAt(this.tag.scope);
    const subscription = registration && (await current(registration));
    if (!subscription || state?.wanted === false)
      return { status: "unsubscribed", detail: "permission is granted, but there is no subscription", ...about };
    if (!state?.id || !state.endpoint)
      return { status: "pending", detail: "the browser is subscribed, Heliograph has not confirmed it yet", ...about };
    return { status: "subscribed", detail: "notifications are on", ...about };
  }

  /** Binds the subscription, now or once there is one, to a person; the identity must be signed by the customer's server. */
  async identify(proof: Identity): Promise<{ identified: boolean }> {
    const identity = checkIdentity(proof);
    this.identity = identity;
    return this.exclusive(async () => {
      const person = await personOf(identity);
      const state = await readState(this.tag.scope);
      if (!state?.id) return { identified: false };
      if (state.identity === person && !state.logoutPending) return { identified: true };
      await this.atRow("POST", "/identity", identity);
      await changeState(this.tag.scope, () => ({ identity: person, logoutPending: undefined }));
      await this.announce();
      return { identified: true };
    });
  }

  /** Unbinds the person, so that the next one at this browser does not get their notifications. */
  async logout(): Promise<{ identified: boolean }> {
    this.identity = undefined;
    return this.exclusive(async () => {
      const { id } = await changeState(this.tag.scope, (old) => ({
        ...this.address,
        identity: undefined,
        logoutPending: old.id ? true : undefined,
      }));
      if (id) await this.finishLogout();
      await this.announce();
      return { identified: false };
    });
  }

  async join(like: GroupLike, identifier?: string | number | null): Promise<{ joined: boolean }> {
    const one = group(like, identifier);
    return this.exclusive(async () => {
      const state = await readState(this.tag.scope);
      if (state?.id) await this.atRow("PUT", pathOf(one));
      await changeState(this.tag.scope, (old) => ({ ...this.address, groups: including(old.groups, [one]) }));
      // Not subscribed yet: remembered, and sent with the subscription.
      return { joined: state?.id !== undefined };
    });
  }

  async leave(like: GroupLike, identifier?: string | number | null): Promise<{ joined: boolean }> {
    const one = group(like, identifier);
    return this.exclusive(async () => {
      const state = await readState(this.tag.scope);
      if (state?.id) await this.atRow("DELETE", pathOf(one));
      await changeState(this.tag.scope, (old) => ({ ...this.address, groups: without(old.groups, one) }));
      return { joined: false };
    });
  }

  // -- every page load --------------------------------------------------------------------------------------------

  /** Fetches what a click will need, so that subscribe() has nothing slow left between the gesture and the browser. */
  prefetch(): void {
    if (obstacle(look(window)) || Notification.permission === "denied") return;
    this.config().catch(() => undefined);
    this.registration().catch(() => undefined);
  }

  /** Brings browser, memory and server together again. */
  async reconcile(): Promise<void> {
    if (obstacle(look(window))) return;
    await this.exclusive(async () => {
      const { permission } = Notification;
      let state = await readState(this.tag.scope);
      if (state?.logoutPending) await this.finishLogout();
      if (permission !== "granted" && state?.wanted !== false) return;

      const registration = await (permission === "granted" ? this.registration() : registrationAt(this.tag.scope));
      const config = await this.config();
      if (!state?.id && permission === "granted" && (await this.adopt(config))) state = await readState(this.tag.scope);
      const subscription = registration ? await current(registration) : null;
      const step = decide({
        permission,
        browser: subscription && { endpoint: await fingerprint(subscription.endpoint), serverKey: keyOf(subscription) },
        state,
        config,
        asked: this.asked(),
        now: Date.now(),
      });
      switch (step) {
        case "nothing":
          return;
        case "withdraw":
          return this.withdraw();
        case "upload":
        case "subscribe":
          return this.establish();
        case "ask":
          return this.inquire();
      }
    });
    await this.announce();
    void flush(this.address, this.tag.scope);
  }

  /** Emits "changed" when the status is another than the last one told, and returns it. */
  async announce(): Promise<Status> {
    const status = await this.status();
    const now = JSON.stringify(status);
    if (now !== this.last) {
      const before = this.last && (JSON.parse(this.last) as Status).status;
      this.last = now;
      this.events.emit("changed", status);
      if (status.status === "subscribed" && before !== "subscribed") this.events.emit("subscribed", status);
      if (before === "subscribed" && status.status !== "subscribed") this.events.emit("unsubscribed", status);
    }
    return status;
  }

  // -- steps ------------------------------------------------------------------------------------------------------

  private get address() {
    return { key: this.tag.key, api: this.tag.api };
  }

  private config(): Promise<Config> {
    return (this.configured ??= fetchConfig(this.address).catch((error) => {
      this.configured = undefined;
      throw error;
    }));
  }

  private registration(): Promise<ServiceWorkerRegistration> {
    return (this.registered ??= register(this.tag).catch((error) => {
      this.registered = undefined;
      throw error;
    }));
  }

  /** A browser subscription with the current key, known to the server. */
  private async establish(joining = false): Promise<void> {
    const [registration, config] = await Promise.all([this.registration(), this.config()]);
    const { scope } = this.tag;
    await this.adopt(config);
    const state = await changeState(scope, (old) => ({
      ...this.address,
      // Nothing of another project's subscription is of use here.
      ...(old.project && old.project !== config.project ? FORGET_ROW : {}),
      project: config.project,
      wanted: true,
      serverKey: config.application_server_key,
    }));
    const hadRow = state.id !== undefined;
    const subscription = await obtain(registration, config.application_server_key);
    const confirmed = await this.confirm(registration, state, subscription);
    // A replaced row keeps the groups it had; those asked for just now are new to it.
    if (hadRow && joining) for (const one of confirmed.groups ?? []) await this.atRow("PUT", pathOf(one));
    this.rememberAsked();
  }

  private async confirm(registration: ServiceWorkerRegistration, state: State, subscription: PushSubscription): Promise<State> {
    const { scope } = this.tag;
    let confirmed: State;
    try {
      confirmed = await upload(scope, state, subscription, Date.now(), this.identity);
    } catch (error) {
      const { status, problem } = error as HeliographError;
      // The endpoint belongs to other keys, or to a key that was retired meanwhile: only a new subscription helps.
      if (status !== 409 && !/application_server_key/.test(problem)) throw error;
      await subscription.unsubscribe();
      this.configured = undefined;
      const { application_server_key: serverKey } = await this.config();
      const fresh = await changeState(scope, () => ({ serverKey }));
      confirmed = await upload(scope, fresh, await obtain(registration, serverKey), Date.now(), this.identity);
    }
    if (!this.identity) return confirmed;
    const person = await personOf(this.identity);
    return changeState(scope, () => ({ identity: person, logoutPending: undefined }));
  }

  /** Does the server still know us? Once per visit, and once a day. */
  private async inquire(): Promise<void> {
    const { scope } = this.tag;
    const state = await readState(scope);
    const answer = await call<Registered>(this.address, "GET", `/subscriptions/${state?.id}`, { secret: state?.secret }).catch(
      (error) => {
        if (lost(error)) return undefined;
        throw error;
      },
    );
    this.rememberAsked();
    if (answer?.state === "unsubscribed") {
      // Somebody unsubscribed this person at the server; a page load is no reason to overrule that.
      await changeState(scope, () => ({ wanted: false }));
      return this.withdraw();
    }
    const due = !(Date.now() - (state?.refreshedAt ?? 0) < REFRESH_AFTER);
    if (answer?.state !== "active" || due) await this.establish();
    else if (!answer.identified) await changeState(scope, () => ({ identity: undefined }));
    // Nobody navigates within a push worker's scope, so without this its file would be checked at pushes only.
    if (due && !this.tag.guest) void (await this.registration()).update().catch(() => undefined);
  }

  private async withdraw(): Promise<void> {
    const { scope } = this.tag;
    const registration = await registrationAt(scope);
    const subscription = registration && (await current(registration));
    await subscription?.unsubscribe();
    const { id, secret } = (await readState(scope)) ?? {};
    if (id) {
      try {
        await call(this.address, "DELETE", `/subscriptions/${id}`, { secret });
      } catch (error) {
        // The browser takes nothing any more, which is what was asked for; the server is told on the next page.
        if (!lost(error)) return this.failed(error);
      }
    }
    await changeState(scope, () => ({ ...FORGET_ROW, logoutPending: undefined }));
  }

  private async finishLogout(): Promise<void> {
    const { id, secret } = (await readState(this.tag.scope)) ?? {};
    try {
      if (id) await call(this.address, "DELETE", `/subscriptions/${id}/identity`, { secret });
    } catch (error) {
      if (!lost(error)) throw error;
    }
    await changeState(this.tag.scope, () => ({ logoutPending: undefined }));
  }

  /** The site moved its worker file: takes the subscription along instead of leaving a second one behind. */
  private async adopt(config: Config): Promise<boolean> {
    if ((await readState(this.tag.scope))?.id) return false;
    const old = await adoptState(this.tag.scope, config.project);
    if (!old) return false;
    const left = await registrationAt(old);
    const subscription = left && (await current(left));
    await subscription?.unsubscribe();
    return true;
  }

  /** One request about our row; a server that lost the row is told of it first. */
  private async atRow(method: string, path: string, body?: unknown): Promise<void> {
    const send = async () => {
      const { id, secret } = (await readState(this.tag.scope)) ?? {};
      await call(this.address, method, `/subscriptions/${id}${path}`, { secret, ...(body === undefined ? {} : { body }) });
    };
    try {
      await send();
    } catch (error) {
      if (!(error instanceof HeliographError) || error.status !== 404) throw error;
      await this.establish();
      await send();
    }
  }

  /** One operation at a time, over all tabs of the site: two that interleave could both subscribe, or lose a secret. */
  private exclusive<T>(work: () => Promise<T>): Promise<T> {
    const { locks } = navigator as { locks?: LockManager };
    const turn = () => (locks ? (locks.request(`heliograph:${this.tag.scope}`, work) as Promise<T>) : work());
    const result = this.tail.then(turn, turn);
    this.tail = result.catch(() => undefined);
    return result;
  }

  private asked(): boolean {
    try {
      return sessionStorage.getItem(`heliograph:${this.tag.scope}`) === "1";
    } catch {
      // Storage is blocked: rather never ask than on every page.
      return true;
    }
  }

  private rememberAsked(): void {
    try {
      sessionStorage.setItem(`heliograph:${this.tag.scope}`, "1");
    } catch {
      // See asked().
    }
  }

  private failed(error: unknown): void {
    this.events.emit("error", explained(error, "network", "heliograph"));
  }
}
