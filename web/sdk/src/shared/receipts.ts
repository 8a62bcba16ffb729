/**
 * Receipts: that a notification was displayed, clicked or dismissed.
 *
 * At least once: written to IndexedDB before they are sent and deleted after the server took them, so that a worker
 * which the browser stops half-way, or a phone in a tunnel, only makes them late. The server counts each one once.
 */

import { call, type Address } from "./api";
import { HeliographError } from "./errors";
import { transact } from "./storage";

export interface Receipt {
  readonly delivery: string;
  readonly event: "displayed" | "clicked" | "dismissed";
  readonly action?: string;
  readonly at: string;
}

interface Waiting {
  readonly scope: string;
  readonly receipt: Receipt;
}

/** The server's limit for one request. */
const BATCH = 50;
/** A server that is away for weeks must not fill a visitor's disk: the oldest go first. */
const KEPT = 500;

function keep(waiting: Waiting): Promise<void> {
  return transact<void>("receipts", "readwrite", (store) => {
    const request = store.add(waiting);
    request.onsuccess = () => {
      const oldest = (request.result as number) - KEPT;
      if (oldest > 0) store.delete(IDBKeyRange.upperBound(oldest));
    };
  });
}

function waiting(scope: string): Promise<Map<number, Receipt>> {
  return transact("receipts", "readonly", (store, done) => {
    const keys = store.getAllKeys();
    const values = store.getAll();
    values.onsuccess = () => {
      const found = new Map<number, Receipt>();
      (values.result as Waiting[]).forEach((item, i) => {
        if (item.scope === scope && found.size < BATCH) found.set(keys.result[i] as number, item.receipt);
      });
      done(found);
    };
  });
}

function drop(keys: Iterable<number>): Promise<void> {
  return transact<void>("receipts", "readwrite", (store) => {
    for (const key of keys) store.delete(key);
  });
}

const post = (address: Address, receipts: readonly Receipt[]) =>
  call(address, "POST", "/receipts", { simple: true, body: { receipts } });

/** A request that is wrong in itself will never be taken; a wrong key, a limit or a fault may pass. */
const hopeless = (error: unknown) => error instanceof HeliographError && [400, 413, 415, 422].includes(error.status);

async function sendAll(address: Address, scope: string): Promise<void> {
  for (;;) {
    const batch = await waiting(scope);
    if (!batch.size) return;
    try {
      await post(address, [...batch.values()]);
    } catch (error) {
      if (!hopeless(error)) return;
    }
    await drop(batch.keys());
  }
}

let sending: Promise<void> | undefined;
let again = false;

/** Sends what waits for this scope. Calls that overlap share one sender, so a burst of pushes becomes few requests. */
export function flush(address: Address, scope: string): Promise<void> {
  again = true;
  return (sending ??= (async () => {
    try {
      while (again) {
        again = false;
        await sendAll(address, scope);
      }
    } catch {
      // Storage failed: what could not be read now is sent on a later event.
    } finally {
      sending = undefined;
    }
  })());
}

/** Records one receipt and tries to send it. Without an address (not configured yet) it waits. Never throws. */
export async function report(address: Address | undefined, scope: string, receipt: Receipt): Promise<void> {
  try {
    await keep({ scope, receipt });
  } catch {
    if (address) await post(address, [receipt]).catch(() => undefined);
    return;
  }
  if (address) await flush(address, scope);
}
