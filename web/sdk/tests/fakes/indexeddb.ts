/**
 * An IndexedDB in memory: transactions in order, values cloned, requests answered later than they are made.
 *
 * Only what the SDK uses. `health` makes it fail as browsers do: refusing to open, or never answering.
 */

type Health = "good" | "refusing" | "hanging";
type Key = string | number;

class Range {
  constructor(
    readonly lower: Key | undefined,
    readonly upper: Key | undefined,
  ) {}
  static bound = (lower: Key, upper: Key) => new Range(lower, upper);
  static upperBound = (upper: Key) => new Range(undefined, upper);
  has(key: Key): boolean {
    return (this.lower === undefined || key >= this.lower) && (this.upper === undefined || key <= this.upper);
  }
}

class Request {
  result: unknown;
  onsuccess: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onupgradeneeded: (() => void) | null = null;
  error: unknown = null;
}

interface Table {
  readonly rows: Map<Key, unknown>;
  next: number;
}

class Store {
  constructor(
    private readonly table: Table,
    private readonly ask: (work: () => unknown) => Request,
  ) {}

  private select(range?: Range): [Key, unknown][] {
    const order = ([a]: [Key, unknown], [b]: [Key, unknown]) => (a < b ? -1 : 1);
    return [...this.table.rows].filter(([key]) => !range || range.has(key)).sort(order);
  }
  get = (key: Key) => this.ask(() => structuredClone(this.table.rows.get(key)));
  getAll = (range?: Range) => this.ask(() => this.select(range).map(([, value]) => structuredClone(value)));
  getAllKeys = (range?: Range) => this.ask(() => this.select(range).map(([key]) => key));
  put = (value: unknown, key: Key) => {
    const copy: unknown = structuredClone(value);
    return this.ask(() => (this.table.rows.set(key, copy), key));
  };
  add = (value: unknown) => {
    const copy: unknown = structuredClone(value);
    return this.ask(() => {
      const key = ++this.table.next;
      this.table.rows.set(key, copy);
      return key;
    });
  };
  delete = (which: Key | Range) =>
    this.ask(() => {
      for (const key of [...this.table.rows.keys()])
        if (which instanceof Range ? which.has(key) : key === which) this.table.rows.delete(key);
    });
}

class Transaction {
  oncomplete: (() => void) | null = null;
  onabort: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly error = null;
  private readonly asked: (() => void)[] = [];

  constructor(
    private readonly tables: Map<string, Table>,
    before: Promise<void>,
    readonly ended: () => void,
  ) {
    void before.then(() => this.step());
  }

  private step(): void {
    const work = this.asked.shift();
    if (work) {
      work();
      queueMicrotask(() => this.step());
      return;
    }
    this.oncomplete?.();
    this.ended();
  }

  objectStore(name: string): Store {
    return new Store(this.tables.get(name)!, (work) => {
      const request = new Request();
      this.asked.push(() => {
        request.result = work();
        request.onsuccess?.();
      });
      return request;
    });
  }
}

export class FakeIndexedDB {
  health: Health = "good";
  private tables = new Map<string, Table>();
  private tail: Promise<void> = Promise.resolve();

  clear(): void {
    for (const table of this.tables.values()) table.rows.clear();
  }

  /** What is stored, for a look from outside. */
  rows(store: string): [Key, unknown][] {
    return [...(this.tables.get(store)?.rows ?? [])];
  }

  put(store: string, key: Key, value: unknown): void {
    this.create(store).rows.set(key, value);
  }

  private create(name: string): Table {
    if (!this.tables.has(name)) this.tables.set(name, { rows: new Map(), next: 0 });
    return this.tables.get(name)!;
  }

  open(): Request {
    const request = new Request();
    const { health } = this;
    request.result = {
      createObjectStore: (name: string) => this.create(name),
      transaction: (name: string) => {
        if (this.health === "refusing") throw new DOMException("closing", "InvalidStateError");
        this.create(name);
        const before = this.health === "hanging" ? new Promise<void>(() => undefined) : this.tail;
        let ended = () => {};
        this.tail = Promise.all([this.tail, new Promise<void>((resolve) => (ended = resolve))]).then(() => undefined);
        if (this.health === "hanging") ended();
        return new Transaction(this.tables, before, ended);
      },
      close: () => undefined,
    };
    setTimeout(() => {
      if (health === "refusing") {
        request.error = new DOMException("no", "InvalidStateError");
        request.onerror?.();
      } else if (health === "good") {
        request.onupgradeneeded?.();
        request.onsuccess?.();
      }
    });
    return request;
  }
}

export function installIndexedDB(): FakeIndexedDB {
  const database = new FakeIndexedDB();
  Object.assign(globalThis, { indexedDB: database, IDBKeyRange: Range });
  return database;
}
