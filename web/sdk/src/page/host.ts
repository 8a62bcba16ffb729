/** What the page script does for one prompt: subscribes, counts, and keeps the person's choice. */

import type { Registered } from "../shared/api";
import type { Answer, Choice, Host } from "../widgets/prompt";
import type { Around } from "./prompting";

/** A browser that says no sooner than anybody could have read its question has not asked it, in milliseconds. */
const BLINK = 500;

interface Part extends Pick<Host, "campaign" | "status" | "watch" | "track" | "end"> {
  readonly help: (kind: string) => void;
}

const chosen = (wanted: Readonly<Record<string, boolean>>) => Object.keys(wanted).filter((name) => wanted[name]);
const wayOut = (status: string) => (status === "ios-needs-home-screen" ? "home-screen" : "unblock");

/** As the server knows them, for somebody may have changed them there. */
async function joined({ state, ask }: Around): Promise<readonly string[] | null> {
  const { id, secret } = (await state()) ?? {};
  if (!id) return null;
  const { groups } = (await ask("GET", `/subscriptions/${id}`, { secret })) as Pick<Registered, "groups">;
  return groups.map(({ name }) => name);
}

export function makeHost(around: Around, part: Part): Host {
  const { client, env, failed } = around;
  const { campaign, status, track, help } = part;

  function refused(error: unknown, before: string, waited: number): Answer {
    const { code } = error as { code?: string };
    if (code === "dismissed") return code;
    if (code === "denied") {
      track(before === "denied" ? "push-already-denied" : "push-denied");
      // Somebody who has just said no is not told how to take it back.
      if (waited < BLINK) help(wayOut(code));
      return code;
    }
    failed(error);
    if (code !== "ios-needs-home-screen") return "failed";
    track("push-unsupported");
    help(wayOut(code));
    return "denied";
  }

  const attributes = (choice: Choice | undefined) =>
    choice && Object.keys(choice.attributes).length && around.attributes(choice.attributes);
  const survived = <T>(work: Promise<T>, otherwise: T): Promise<T> => work.catch((error) => (failed(error), otherwise));

  return {
    ...part,
    base: around.base,
    key: around.key,
    help: () => help(wayOut(status())),
    subscribe(choice) {
      const [before, started] = [status(), env.now()];
      const groups = [...new Set([...(campaign.groups ?? []), ...chosen(choice?.groups ?? {})])];
      // Nothing may come before this, or the click no longer counts.
      return client.subscribe({ groups }).then(
        () => {
          track("push-subscribed");
          attributes(choice);
          return "subscribed";
        },
        (error: unknown) => refused(error, before, env.now() - started),
      );
    },
    unsubscribe: () =>
      survived(
        client.unsubscribe().then(() => true),
        false,
      ),
    groups: () => survived(joined(around), null),
    choose(choice) {
      const change = async () => {
        for (const [name, wanted] of Object.entries(choice.groups)) await client[wanted ? "join" : "leave"](name);
        attributes(choice);
        return true;
      };
      return survived(change(), false);
    },
  };
}
