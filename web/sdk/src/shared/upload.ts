/** Tells Heliograph about the browser's subscription: replace what it knows, or create it when it knows nothing. */

import { call, type Identity, type Registered, type SubscriptionBody } from "./api";
import { fingerprint } from "./bytes";
import { HeliographError } from "./errors";
import { changeState, type State } from "./state";
import { keyOf } from "./subscription";

function describe(subscription: PushSubscription, state: State, identity?: Identity): SubscriptionBody {
  const { p256dh, auth } = subscription.toJSON().keys as SubscriptionBody["keys"];
  return {
    endpoint: subscription.endpoint,
    keys: { p256dh, auth },
    application_server_key: keyOf(subscription) || (state.serverKey ?? ""),
    expiration_time: subscription.expirationTime ?? null,
    // What is undefined is not sent; some browsers answer with an empty string.
    language: state.language || navigator.language || undefined,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone || undefined,
    identity,
  };
}

/** The server lost the row, or the secret: the browser's own keys prove who we are, so registering anew is safe. */
const forgotten = (error: unknown) =>
  error instanceof HeliographError && (error.status === 404 || error.status === 401);

/**
 * PUT with the id and secret we hold, so that groups, profile and history stay; POST when there are none or the
 * server no longer knows them. Returns the new state, which is stored.
 */
export async function upload(
  scope: string,
  state: State,
  subscription: PushSubscription,
  now: number,
  identity?: Identity,
): Promise<State> {
  const body = describe(subscription, state, identity);
  let answer: Registered | undefined;
  if (state.id && state.secret) {
    try {
      answer = await call<Registered>(state, "PUT", `/subscriptions/${state.id}`, { body, secret: state.secret });
    } catch (error) {
      if (!forgotten(error)) throw error;
    }
  }
  // Only a new row is given the groups: an operator may have changed those of an old one since.
  answer ??= await call<Registered>(state, "POST", "/subscriptions", {
    body: state.groups?.length ? { ...body, groups: state.groups } : body,
  });
  const { id, secret, identified } = answer;
  const endpoint = await fingerprint(subscription.endpoint);
  return changeState(scope, (old) => ({
    id,
    secret: secret ?? old.secret,
    endpoint,
    // A new row, or an operator, may have unbound the profile: then the next identify() must be sent.
    identity: identified ? old.identity : undefined,
    serverKey: body.application_server_key,
    refreshedAt: now,
  }));
}
