/**
 * Prompt campaigns, as far as every page has to know of them: asks which there are for this visitor, and fetches the
 * runner (and it the prompts) only where there is something to show.
 */

import { call, type Address } from "../shared/api";
import { HeliographError } from "../shared/errors";
import type { State } from "../shared/state";
import { REQUEST_LIMIT, within } from "../shared/timing";
import type { Env } from "../triggers/trigger";
import type { Client, Status, Verbs } from "./client";
import type { Emitter } from "./events";
import type { Keeper } from "./keeper";

declare const __VERSION__: string;

export type Load = <T>(kind: string) => Promise<T>;

/** What the runner is given of the page script; a file of its own, it shares no code with it, so errors are made here. */
export interface Around {
  readonly base: string;
  readonly key: string;
  readonly env: Env;
  readonly keeper: Keeper;
  readonly visitor: () => string | undefined;
  readonly client: Client["verbs"];
  /** What this browser remembers of its subscription. */
  readonly state: () => Promise<State | undefined>;
  readonly attributes: (values: Readonly<Record<string, boolean>>) => unknown;
  readonly on: Emitter["on"];
  /** One request to the public API. */
  readonly ask: (method: string, path: string, options: Parameters<typeof call>[3]) => Promise<unknown>;
  readonly failed: (error: unknown) => void;
  readonly fault: (sentence: string) => Error;
  readonly load: Load;
}

export interface Runner {
  /** Campaigns of a new page view, instead of those of the last. */
  take(campaigns: readonly unknown[], status: Status): void;
  showPrompt(id: string): Promise<{ readonly shown: boolean }>;
  hidePrompts(): void;
}

/** Loads files of `/sdk/v1/prompts/`, each once, and hands over what it gives to `heliographPrompt(kind, …)`. */
function makeLoad(api: string): Load {
  const files: Record<string, Promise<never> | undefined> = {};
  const arrived: Record<string, (given: never) => void> = {};
  Object.assign(window, { heliographPrompt: (kind: string, given: never) => arrived[kind]?.(given) });
  return (kind) => {
    const made = () =>
      new Promise<never>((resolve, reject) => {
        arrived[kind] = resolve;
        const script = document.createElement("script");
        script.src = `${api}/sdk/v1/prompts/${kind}.js?v=${__VERSION__}`;
        // A policy of nonces lets in what carries the page script's own.
        script.nonce = document.querySelector<HTMLScriptElement>("script[data-key]")?.nonce ?? "";
        script.onerror = () => reject(new HeliographError("network", `${script.src} could not be loaded`));
        document.head.append(script);
      });
    const file = (files[kind] ??= within(REQUEST_LIMIT, kind, made()));
    file.catch(() => (files[kind] = undefined));
    return file;
  };
}

type Given = Pick<Around, "env" | "keeper" | "visitor" | "client" | "state" | "attributes" | "on" | "failed">;

export function makePrompting(address: Address, given: Given) {
  const { env, client, visitor, failed } = given;
  const load = makeLoad(address.api);
  const ask: Around["ask"] = (...about) => call(address, ...about);
  const fault = (sentence: string) => new HeliographError("misconfigured", sentence);
  let runner: Promise<Runner> | undefined;
  let asked: Promise<unknown> | undefined;
  let round = 0;
  let ready: Promise<unknown> | undefined;

  async function look(): Promise<void> {
    const name = visitor();
    // In a frame nobody can be asked, and the page around it does the asking.
    if (!name || env.window.top !== env.window) return;
    const own = ++round;
    await ready;
    const status = await client.status();
    const body = {
      visitor: name,
      url: env.page.url.slice(0, 4000),
      language: navigator.language,
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      mobile: /Mobi|Android|iP(hone|ad|od)/.test(navigator.userAgent),
      permission: status.permission ?? status.status,
    };
    const { campaigns } = (await ask("POST", "/campaigns", { simple: true, body })) as {
      campaigns?: readonly unknown[];
    };
    if (own !== round || !campaigns || !(runner || campaigns.length)) return;
    runner ??= load<(around: Around) => Runner>("runner").then((make) =>
      make({ ...given, base: address.api, key: address.key, ask, fault, load }),
    );
    runner.catch(() => (runner = undefined));
    (await runner).take(campaigns, status);
  }

  return {
    /** A window of the push host asks in the place of this page. */
    useWindow: () =>
      void (ready = load<(given: object) => Partial<Verbs>>("window").then(
        (make) => Object.assign(client, make({ ...given, key: address.key, ask, fault })),
        failed,
      )),
    /** A page view begins. */
    begin: () => void (asked = look().catch(failed)),
    verbs: {
      /** Shows a prompt now, whatever its triggers say. */
      async showPrompt(id: string) {
        await asked;
        if (!runner) throw fault("there are no prompt campaigns for this visitor");
        return (await runner).showPrompt(id);
      },
      /** Takes prompts from the screen; they count as neither put off nor closed. */
      hidePrompts: async () => (await runner)?.hidePrompts(),
    },
  };
}
