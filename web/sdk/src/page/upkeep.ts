/** Brings browser, memory and server together: the steps that page loads and commands are made of. */

import { call, type Config, type Registered } from "../shared/api";
import { fingerprint } from "../shared/bytes";
import { explained, HeliographError } from "../shared/errors";
import { adoptState, changeState, readState, type State } from "../shared/state";
import { current, keyOf, obtain } from "../shared/subscription";
import { upload } from "../shared/upload";
import { pathOf } from "./groups";
import { personOf } from "./identity";
import type { Link } from "./link";
import { decide, isDue } from "./reconcile";
import { registrationAt } from "./registration";

const FORGET_ROW = {
  id: undefined,
  secret: undefined,
  endpoint: undefined,
  refreshedAt: undefined,
  identity: undefined,
};

/** The row is gone at the server, or our secret for it is: the same to us. */
const lost = (error: unknown) => error instanceof HeliographError && (error.status === 404 || error.status === 401);

export interface Upkeep {
  /** Compares, decides, and does what is to be done. */
  readonly mend: () => Promise<void>;
  /** Makes sure of a browser subscription with the current key that the server knows. */
  readonly establish: (joining?: boolean) => Promise<void>;
  readonly withdraw: () => Promise<void>;
  readonly finishLogout: () => Promise<void>;
  /** One request about our row. */
  readonly atRow: (method: string, path: string, body?: unknown) => Promise<void>;
}

export function makeUpkeep(link: Link, failed: (error: HeliographError) => void): Upkeep {
  const { tag, address } = link;
  const { scope } = tag;
  const change = (to: (old: State) => Partial<Record<keyof State, unknown>>) => changeState(scope, to);
  const row = async () => (await readState(scope)) ?? ({} as Partial<State>);
  const visit = `heliograph:${scope}`;

  function askedThisVisit(): boolean {
    try {
      return sessionStorage.getItem(visit) !== null;
    } catch {
      // Storage is blocked: rather never ask than on every page.
      return true;
    }
  }

  function rememberAsked(): void {
    try {
      sessionStorage.setItem(visit, "1");
    } catch {
      // See above.
    }
  }

  async function giveUp(at: string): Promise<void> {
    const registration = await registrationAt(at);
    const subscription = registration && (await current(registration));
    await subscription?.unsubscribe();
  }

  /** The site moved its worker file: takes the row along instead of leaving a second subscription behind. */
  async function adopt(config: Config): Promise<void> {
    if ((await row()).id) return;
    const old = await adoptState(scope, config.project);
    if (old) await giveUp(old);
  }

  async function confirm(
    registration: ServiceWorkerRegistration,
    state: State,
    subscription: PushSubscription,
  ): Promise<State> {
    const send = (from: State, what: PushSubscription) => upload(scope, from, what, Date.now(), link.identity);
    let confirmed: State;
    try {
      confirmed = await send(state, subscription);
    } catch (error) {
      const { status, problem } = error as HeliographError;
      if (problem === "identity_refused") {
        // A proof that expired is no reason to lose the subscription, only the person's name on it.
        link.identity = undefined;
        failed(error as HeliographError);
        confirmed = await send(state, subscription);
      } else if (status === 409 || problem === "application_server_key_unknown") {
        // The endpoint belongs to other keys, or was made with a key that was retired meanwhile: only a new one helps.
        await subscription.unsubscribe();
        link.outdated();
        const serverKey = (await link.config()).application_server_key;
        confirmed = await send(await change(() => ({ serverKey })), await obtain(registration, serverKey));
      } else throw error;
    }
    if (!link.identity) return confirmed;
    const identity = await personOf(link.identity);
    return change(() => ({ identity, logoutPending: undefined }));
  }

  async function establish(joining = false): Promise<void> {
    const [registration, config] = await Promise.all([link.registration(), link.config()]);
    await adopt(config);
    const { project, application_server_key: serverKey } = config;
    const state = await change((old) => ({
      ...address,
      // Nothing of another project's subscription is of use here.
      ...(old.project && old.project !== project ? FORGET_ROW : {}),
      project,
      wanted: true,
      serverKey,
    }));
    const confirmed = await confirm(registration, state, await obtain(registration, serverKey));
    rememberAsked();
    // A replaced row keeps the groups it had; those asked for just now are new to it.
    if (state.id && joining) for (const one of confirmed.groups ?? []) await atRow("PUT", pathOf(one));
  }

  async function withdraw(): Promise<void> {
    await giveUp(scope);
    const { id, secret } = await row();
    try {
      if (id) await call(address, "DELETE", `/subscriptions/${id}`, { secret });
    } catch (error) {
      // The browser takes nothing any more, which is what was asked for; the server is told on the next page.
      if (!lost(error)) return failed(explained(error, "internal", "unsubscribe"));
    }
    await change(() => ({ ...FORGET_ROW, logoutPending: undefined }));
  }

  async function finishLogout(): Promise<void> {
    const { id, wanted } = await row();
    // A row that is on its way out takes its person along; a blocked site gets nothing, and a new row when it is
    // allowed.
    if (id && wanted && Notification.permission === "granted") await atRow("DELETE", "/identity");
    await change(() => ({ logoutPending: undefined }));
  }

  async function atRow(method: string, path: string, body?: unknown): Promise<void> {
    const send = async () => {
      const { id, secret } = await row();
      await call(address, method, `/subscriptions/${id}${path}`, { secret, body });
    };
    try {
      await send();
    } catch (error) {
      if (!lost(error)) throw error;
      // Told of the row again, the server can be told of the rest.
      await establish();
      await send();
    }
  }

  /** Does the server still know us? Once per visit, and once a day. */
  async function inquire(): Promise<void> {
    const { id, secret, refreshedAt } = await row();
    const answer = await call<Registered>(address, "GET", `/subscriptions/${id}`, { secret }).catch((error) => {
      if (!lost(error)) throw error;
    });
    rememberAsked();
    if (answer?.state === "unsubscribed") {
      // Somebody unsubscribed this person at the server; a page load is no reason to overrule that.
      await change(() => ({ wanted: false }));
      return withdraw();
    }
    // The push service has given up this endpoint, whatever the browser believes: only another one is of use.
    if (answer?.state === "gone") await giveUp(scope);
    const due = isDue(refreshedAt, Date.now());
    if (answer?.state !== "active" || due) await establish();
    else if (!answer.identified) await change(() => ({ identity: undefined }));
    // Nobody navigates within a push worker's scope, so without this its file would be checked at pushes only.
    if (due && !tag.guest)
      void link.registration().then((registration) => registration.update().catch(() => undefined));
  }

  async function mend(): Promise<void> {
    const { permission } = Notification;
    const { logoutPending, wanted, id } = await row();
    if (logoutPending) await finishLogout();
    const granted = permission === "granted";
    if (!granted && wanted !== false) return;

    const registration = await (granted ? link.registration() : registrationAt(scope));
    const config = await link.config();
    if (!id && granted) await adopt(config);
    const subscription = registration && (await current(registration));
    const step = decide({
      permission,
      browser: subscription
        ? { endpoint: await fingerprint(subscription.endpoint), serverKey: keyOf(subscription) }
        : null,
      state: await readState(scope),
      config,
      asked: askedThisVisit(),
      now: Date.now(),
    });
    switch (step) {
      case "nothing":
        return;
      case "withdraw":
        return withdraw();
      case "subscribe":
        return establish();
      case "ask":
        return inquire();
    }
  }

  return { mend, establish, withdraw, finishLogout, atRow };
}
