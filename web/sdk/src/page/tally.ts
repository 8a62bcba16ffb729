/** Counts what happens to prompts, for the campaign's statistics: a few events per request, and none lost on leaving. */

import type { Around } from "./prompting";
import { random } from "./visitor";

/** How long events wait for company, in milliseconds. */
const GATHER = 500;
const MOST = 100;

interface Counted {
  readonly id: string;
  readonly campaign: string;
  readonly variant: string | undefined;
  readonly event: string;
  readonly at: string;
}

export type Tally = (campaign: { readonly id: string; readonly variant?: string | null }, event: string) => void;

export function makeTally({ ask, visitor, env }: Pick<Around, "ask" | "visitor" | "env">): Tally {
  let waiting: Counted[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function send(): void {
    clearTimeout(timer);
    timer = undefined;
    const name = visitor();
    if (!waiting.length || !name) return;
    const events = waiting;
    waiting = [];
    ask("POST", "/campaign-events", { simple: true, body: { visitor: name, events } }).catch(
      // Their ids make a second delivery harmless; what the server refuses goes with the page.
      ({ status }: { status?: number }) => status || (waiting = [...events, ...waiting].slice(-MOST)),
    );
  }
  env.window.addEventListener("pagehide", send);

  return ({ id: campaign, variant }, event) => {
    const at = new Date(env.now()).toISOString();
    waiting.push({ id: random(12), campaign, variant: variant ?? undefined, event, at });
    timer ??= setTimeout(send, GATHER);
  };
}
