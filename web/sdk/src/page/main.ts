/** The page script: reads its own tag, takes over the command queue, and keeps the subscription right. */

import { explained, HeliographError } from "../shared/errors";
import { CLICK_VALUE, type Message } from "../shared/messages";
import { takeValue } from "../shared/storage";
import { takeFromAddress, takeLeft } from "./arrival";
import { makeClient, type Client, type Verbs } from "./client";
import { Emitter } from "./events";
import { run, type Command, type Methods } from "./queue";
import { findTag, readTag, type Tag } from "./tag";

declare const __VERSION__: string;

const VERBS: readonly (keyof Verbs)[] = ["subscribe", "unsubscribe", "status", "identify", "logout", "join", "leave"];

function readPage(events: Emitter): { client: Client; tag: Tag } | HeliographError {
  try {
    const element = findTag(document);
    if (!element) throw new HeliographError("misconfigured", "the script tag was not found");
    const tag = readTag(element.src, element.dataset, location.href);
    return { client: makeClient(tag, events), tag };
  } catch (error) {
    return explained(error, "misconfigured", "script tag");
  }
}

function start(): void {
  const global = window as unknown as { heliograph?: unknown };
  const before = global.heliograph;
  // Loaded twice, by a tag manager and by hand: the first one works. (An element with this id is found here too.)
  if ((before as { loaded?: unknown } | undefined)?.loaded === true) return;

  const events = new Emitter();
  let listened = false;
  const failed = (error: HeliographError) => {
    events.emit("error", error);
    if (!listened) console.warn(`heliograph: ${error.code}: ${error.message}`);
  };

  const made = readPage(events);
  const methods: Record<string, (...parts: never[]) => unknown> = {
    on: (event: never, listener: never) => {
      listened ||= event === "error";
      return events.on(event, listener);
    },
  };
  for (const verb of VERBS) {
    methods[verb] = (...parts: never[]) => {
      const work: Promise<unknown> =
        made instanceof HeliographError
          ? Promise.reject(made)
          : (made.client.verbs[verb] as (...parts: never[]) => Promise<unknown>)(...parts).catch((error: unknown) => {
              throw explained(error, "internal", verb);
            });
      // Reported here once, so that a caller who looks at nothing still leaves a trace, and no "unhandled rejection".
      work.catch(failed);
      return work;
    };
  }
  const heliograph = {
    version: __VERSION__,
    loaded: true,
    ...methods,
    push: (...commands: Command[]) => {
      for (const command of commands) {
        try {
          run(command, heliograph, methods as Methods, failed);
        } catch (error) {
          // One bad command must not stop those behind it.
          failed(explained(error, "misconfigured", "command"));
        }
      }
    },
  };
  global.heliograph = heliograph;
  if (!(made instanceof HeliographError)) begin(made.client, made.tag, events, failed);
  if (Array.isArray(before)) heliograph.push(...(before as Command[]));
}

function begin(client: Client, tag: Tag, events: Emitter, failed: (error: HeliographError) => void): void {
  const click = takeFromAddress(tag, tag.scope, Date.now());
  if (click) events.emit("clicked", click);
  else void takeLeft(Date.now()).then((left) => left && events.emit("clicked", left));

  const reconcile = () => client.reconcile().catch((error) => failed(explained(error, "internal", "page load")));
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  workers?.addEventListener("message", ({ data }: MessageEvent<Message | undefined>) => {
    if (data?.heliograph === "clicked") {
      // The worker has focused this page because only the fragment differs.
      const { hash } = new URL(data.click.url);
      if (hash) location.hash = hash;
      events.emit("clicked", data.click);
      void takeValue(CLICK_VALUE).catch(() => undefined);
    } else if (data?.heliograph === "data") {
      const { data: content, notification, delivery } = data;
      events.emit("data", { data: content, notification, delivery });
    } else if (data?.heliograph === "changed") {
      void client.announce();
    }
  });
  workers?.startMessages?.();

  const go = () => {
    client.prefetch();
    void reconcile();
  };
  // A page that is prerendered may never be looked at.
  if ((document as { prerendering?: boolean }).prerendering)
    document.addEventListener("prerenderingchange", go, { once: true });
  else go();

  // Allowed or blocked in the browser's own settings while the page is open.
  navigator.permissions
    ?.query({ name: "notifications" })
    .then((permission) => (permission.onchange = () => void reconcile()))
    .catch(() => undefined);
}

start();
