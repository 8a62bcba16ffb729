/** The page script: reads its own tag, takes over the command queue, and keeps the subscription right. */

import type { Identity } from "../shared/api";
import { explained, HeliographError } from "../shared/errors";
import { CLICK_VALUE, type Message } from "../shared/messages";
import { readState, type State } from "../shared/state";
import { takeValue } from "../shared/storage";
import { takeFromAddress, takeLeft } from "./arrival";
import { makeClient, type Client } from "./client";
import { Emitter } from "./events";
import { checkIdentity } from "./identity";
import { makePermission } from "./permission";
import { makePrompting } from "./prompting";
import { run, type Command, type Methods } from "./queue";
import { makeSite, type Site } from "./site";
import { findTag, readTag, type Tag } from "./tag";

declare const __VERSION__: string;

/** Every command, so that all can be called and say why not, even where the tag is wrong. */
const COMMANDS =
  "subscribe unsubscribe status identify logout join leave pushStatus pushSubscribe pushUnsubscribe consent reInit " +
  "trackPageView trackCategoryView trackItemView addToCart removeFromCart updateCart order setAttributes fireEvent " +
  "getData addData attachToProfile postcheckout exchange precheckout showPrompt hidePrompts";

interface Page {
  readonly client: Client;
  readonly tag: Tag;
  readonly site: Site;
  readonly verbs: Methods;
}

function readPage(events: Emitter, failed: (error: HeliographError) => void): Page | HeliographError {
  try {
    const element = findTag(document);
    if (!element) throw new HeliographError("misconfigured", "the script tag was not found");
    const tag = readTag(element.src, element.dataset, location.href);
    const client = makeClient(tag, events);
    async function identify(proof: Identity) {
      checkIdentity(proof);
      const answer = client.verbs.identify(proof);
      site.known();
      return answer;
    }
    async function subscription() {
      const { id, secret, logoutPending } = (await readState(tag.scope)) ?? ({} as Partial<State>);
      return id && secret && !logoutPending ? { id, secret } : undefined;
    }
    const { identity } = client;
    const site = makeSite({ window, ...tag, address: tag, identity, identify, subscription, failed });
    events.on("subscribed", site.subscribed);
    const logout = () => {
      site.forget();
      return client.verbs.logout();
    };
    const prompting = makePrompting(tag, {
      ...site,
      client: client.verbs,
      state: () => readState(tag.scope),
      on: (event, listener) => events.on(event, listener),
      failed: (error) => failed(explained(error, "internal", "prompt")),
    });
    site.moved(prompting.begin);
    if (tag.popup || !window.isSecureContext) prompting.useWindow();
    // Those of the client are looked up when they are called: a window may take their place.
    const verbs = Object.assign(Object.create(client.verbs) as Methods, {
      ...makePermission(client.verbs),
      ...site.verbs,
      ...prompting.verbs,
      identify,
      logout,
    });
    return { client, tag, site, verbs };
  } catch (error) {
    return explained(error, "misconfigured", "script tag");
  }
}

/** Takes the place of an array of commands; what is there already, and works, stays. */
function takeOver(name: string, heliograph: object): readonly Command[] {
  const global = window as unknown as Record<string, unknown>;
  const before = global[name];
  global[name] = heliograph;
  return Array.isArray(before) ? (before as Command[]) : [];
}

const isLoaded = (name: string): boolean =>
  ((window as unknown as Record<string, unknown>)[name] as { loaded?: unknown } | undefined)?.loaded === true;

function start(): void {
  // Loaded twice, by a tag manager and by hand: the first one works. (An element with this id is found here too.)
  if (isLoaded("heliograph")) return;

  const events = new Emitter();
  let listened = false;
  const failed = (error: HeliographError) => {
    events.emit("error", error);
    if (!listened) console.warn(`heliograph: ${error.code}: ${error.message}`);
  };

  const made = readPage(events, failed);
  const methods: Record<string, (...parts: never[]) => unknown> = {
    on: (event: never, listener: never) => {
      listened ||= event === "error";
      return events.on(event, listener);
    },
  };
  for (const name of COMMANDS.split(" ")) {
    methods[name] = (...parts: never[]) => {
      let result: unknown;
      try {
        if (made instanceof HeliographError) throw made;
        result = made.verbs[name]!(...parts);
      } catch (error) {
        result = Promise.reject(error as Error);
      }
      if (!(result instanceof Promise)) return result;
      const work = result.catch((error: unknown) => {
        throw explained(error, "internal", name);
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
  const waiting = [...takeOver("heliograph", heliograph)];
  if (!(made instanceof HeliographError)) {
    for (const name of made.tag.alias) {
      if (!isLoaded(name)) waiting.push(...takeOver(name, heliograph));
      else failed(new HeliographError("misconfigured", `window.${name} is somebody else's, and at work`));
    }
    // Before anything is stored: a person who does not agree leaves no trace.
    for (const command of waiting) if (Array.isArray(command) && command[0] === "consent") heliograph.push(command);
    begin(made, events, failed, (name, about) => heliograph.push([name, about]));
  }
  heliograph.push(...waiting);
}

function begin(
  { client, tag, site }: Page,
  events: Emitter,
  failed: (error: HeliographError) => void,
  give: (name: string, about: unknown) => void,
): void {
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

  try {
    site.begin(give);
  } catch (error) {
    failed(explained(error, "internal", "page view"));
  }
  client.prefetch();
  void reconcile();

  // Allowed or blocked in the browser's own settings while the page is open.
  navigator.permissions
    ?.query({ name: "notifications" })
    .then((permission) => (permission.onchange = () => void reconcile()))
    .catch(() => undefined);
}

// A page that is prerendered may never be looked at; until it is, commands wait.
if ((document as { prerendering?: boolean }).prerendering)
  document.addEventListener("prerenderingchange", start, { once: true });
else start();
