/**
 * The IndexedDB that page and worker share: one store of single values, one of receipts that wait to be sent.
 *
 * Every helper is one transaction, so two pushes handled at once, or a page and a worker, cannot tear each other's
 * writes. Callbacks, not promises, inside a transaction: awaiting anything else would let it commit early.
 */

import { HeliographError } from "./errors";
import { STORAGE_LIMIT, STUCK, within } from "./timing";

const NAME = "heliograph";
const STORES = ["values", "receipts"] as const;
type StoreName = (typeof STORES)[number];

let opening: Promise<IDBDatabase> | undefined;
/** Until when storage counts as stuck, in milliseconds. */
let stuckUntil = 0;

function open(): Promise<IDBDatabase> {
  return (opening ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("values");
      request.result.createObjectStore("receipts", { autoIncrement: true });
    };
    request.onsuccess = () => {
      const database = request.result;
      const forget = () => (opening = undefined);
      database.onclose = forget;
      // A later version of this script must be able to upgrade while an old tab is open.
      database.onversionchange = () => (database.close(), forget());
      resolve(database);
    };
    request.onerror = () => reject(request.error);
  }));
}

async function attempt<T>(
  name: StoreName,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore, done: (value: T) => void) => void,
): Promise<T> {
  const database = await open();
  return new Promise<T>((resolve, reject) => {
    const transaction = database.transaction(name, mode);
    let result: T;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    work(transaction.objectStore(name), (value) => (result = value));
  });
}

/** Runs `work` in one transaction; resolves with what it passed to `done` once that is committed. */
export async function transact<T>(
  name: StoreName,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore, done: (value: T) => void) => void,
): Promise<T> {
  if (Date.now() < stuckUntil) throw new Error("IndexedDB is stuck");
  for (let last = false; ; last = true) {
    try {
      return await within(STORAGE_LIMIT, "IndexedDB", attempt(name, mode, work));
    } catch (error) {
      // Browsers close idle or evicted databases under us, so the first failure only costs the connection.
      opening = undefined;
      // WebKit lets the transaction of one suspended page block all others for minutes: waiting once is enough.
      const stuck = error instanceof HeliographError;
      if (stuck) stuckUntil = Date.now() + STUCK;
      if (stuck || last) throw error;
    }
  }
}

export function readValue<T>(key: string): Promise<T | undefined> {
  return transact<T | undefined>("values", "readonly", (store, done) => {
    const request = store.get(key);
    request.onsuccess = () => done(request.result as T | undefined);
  });
}

/** Reads, changes and writes one value atomically. `change` returns the new value and what the caller wants to know. */
export function changeValue<T, R>(
  key: string,
  change: (old: T | undefined) => readonly [next: T, answer: R],
): Promise<R> {
  return transact<R>("values", "readwrite", (store, done) => {
    const request = store.get(key);
    request.onsuccess = () => {
      const [next, answer] = change(request.result as T | undefined);
      store.put(next, key);
      done(answer);
    };
  });
}

/** Reads a value and deletes it, so that only one tab gets it. */
export function takeValue<T>(key: string): Promise<T | undefined> {
  return transact<T | undefined>("values", "readwrite", (store, done) => {
    const request = store.get(key);
    request.onsuccess = () => {
      done(request.result as T | undefined);
      store.delete(key);
    };
  });
}

/** All values whose key starts with `prefix`. */
export function readAll<T>(prefix: string): Promise<Map<string, T>> {
  return transact("values", "readonly", (store, done) => {
    const range = IDBKeyRange.bound(prefix, prefix + "\uffff");
    const keys = store.getAllKeys(range);
    const values = store.getAll(range);
    values.onsuccess = () => done(new Map(keys.result.map((key, i) => [String(key), values.result[i] as T])));
  });
}
