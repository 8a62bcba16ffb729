/**
 * For pages that may not ask themselves: http ones, and sites that keep all their subscriptions on their push host. It is
 * loaded by the page script, and takes the place of its `subscribe` and `status`.
 */

import type { Around } from "../page/prompting";
import type { Status } from "../page/client";
import { isAnswer, type Result } from "./answer";

/** What the page script hands over. */
export type Given = Pick<Around, "key" | "keeper" | "visitor" | "ask" | "fault" | "failed">;

export interface Opener {
  subscribe(): Promise<Status>;
  status(): Promise<Status>;
}

interface Known {
  readonly origin: string | null;
  readonly subscribed: boolean;
}

interface Opened {
  readonly origin: string;
  readonly state: string;
}

const NAME = "window";
const SIZE = "popup,width=460,height=520";
/** People read before they choose; the state is good for ten minutes. */
const LONGEST = 600_000;
const LOOK = 500;

const DETAIL: Readonly<Record<string, string>> = {
  default: "nobody has been asked yet; subscribe() opens a window of the push host",
  subscribed: "notifications are on, and come from the push host",
  denied: "notifications of the push host are blocked",
  unsupported: "this browser cannot receive web push",
  insecure: "web push needs https, and the project has no push host whose window could ask",
};

export function makeOpener({ key, keeper, visitor, ask, fault, failed }: Given): Opener {
  let known: Promise<Known> | undefined;

  const remembered = () => (keeper.get(NAME) as { readonly result?: Result } | undefined)?.result;
  const remember = (result: Result) => keeper.set(NAME, { result });
  const tell = (status: string): Status => ({
    status: status as Status["status"],
    detail: DETAIL[status] ?? status,
    permission: status === "subscribed" ? "granted" : status === "denied" ? "denied" : "default",
    subscription: null,
    identified: false,
  });

  function look(): Promise<Known> {
    const name = visitor();
    known ??= ask("GET", `/windows${name ? `?visitor=${name}` : ""}`, { simple: true }) as Promise<Known>;
    known.catch(() => (known = undefined));
    return known;
  }

  async function status(): Promise<Status> {
    const last = remembered();
    if (last === "subscribed" || last === "denied" || last === "unsupported") return tell(last);
    const { origin, subscribed } = await look();
    if (subscribed) remember("subscribed");
    return tell(subscribed ? "subscribed" : origin ? "default" : "insecure");
  }

  function subscribe(): Promise<Status> {
    // At once, or the click no longer counts and the browser keeps the window shut.
    const opened = open("", "heliograph", SIZE);
    if (!opened) return Promise.reject(fault("the browser kept the window shut: call subscribe() in a click"));
    return run(opened).catch((error: unknown) => {
      opened.close();
      throw error;
    });
  }

  async function run(opened: Window): Promise<Status> {
    const name = visitor();
    const body = name ? { visitor: name } : {};
    const { origin, state } = (await ask("POST", "/windows", { simple: true, body })) as Opened;
    const answered = answer(opened, origin, state);
    // In the fragment: it reaches neither the server's log nor a referrer.
    opened.location.replace(`${origin}/window#${new URLSearchParams({ key, state }).toString()}`);
    const result = await answered;
    remember(result);
    return tell(result === "dismissed" ? "default" : result);
  }

  function answer(opened: Window, origin: string, state: string): Promise<Result> {
    return new Promise((resolve) => {
      const done = (result: Result) => {
        removeEventListener("message", hear);
        clearInterval(watch);
        resolve(result);
      };
      const hear = (event: MessageEvent<unknown>) => {
        // Whoever has a handle of this page may send it messages: only the push host's own, about this state, counts.
        if (event.origin === origin && event.source === opened && isAnswer(event.data, state)) done(event.data.result);
      };
      addEventListener("message", hear);
      const until = Date.now() + LONGEST;
      // Somebody who shuts the window says nothing; its answer, if there is one, came before.
      const watch = setInterval(() => (opened.closed || Date.now() > until) && done("dismissed"), LOOK);
    });
  }

  void look().catch(failed);
  return { subscribe, status };
}

(globalThis as { heliographPrompt?: (kind: string, given: unknown) => void }).heliographPrompt?.("window", makeOpener);
