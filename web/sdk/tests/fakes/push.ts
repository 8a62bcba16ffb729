/** A browser's push manager and registration: one subscription each, bound to its key, as the Push API has it. */

import { encode } from "../../src/shared/bytes";

let count = 0;

export class FakeSubscription {
  readonly endpoint = `https://push.example/${++count}`;
  readonly expirationTime = null;
  readonly options: { readonly applicationServerKey: ArrayBuffer | null };

  constructor(
    private readonly manager: FakePushManager,
    key: ArrayBuffer | null,
  ) {
    this.options = { applicationServerKey: key };
  }

  async unsubscribe(): Promise<boolean> {
    this.manager.unsubscribed.push(this);
    if (this.manager.subscription === this) this.manager.subscription = null;
    return true;
  }

  toJSON = () => ({ endpoint: this.endpoint, keys: { p256dh: "p256dh", auth: "auth" } });
}

const same = (a: ArrayBuffer | null, b: ArrayBuffer | null) => (a && encode(a)) === (b && encode(b));

export class FakePushManager {
  subscription: FakeSubscription | null = null;
  unsubscribed: FakeSubscription[] = [];
  /** Thrown by the next subscribe(). */
  fails: unknown[] = [];

  getSubscription = async () => this.subscription;

  async subscribe({
    applicationServerKey,
  }: {
    applicationServerKey: Uint8Array<ArrayBuffer>;
  }): Promise<FakeSubscription> {
    if (this.fails.length) throw this.fails.shift();
    const key = applicationServerKey.slice().buffer;
    if (this.subscription && !same(this.subscription.options.applicationServerKey, key))
      throw new DOMException("another key", "InvalidStateError");
    return (this.subscription ??= new FakeSubscription(this, key));
  }

  /** A subscription that somebody else left behind; null as key for one of the years of sender ids. */
  leave(key: string | null): FakeSubscription {
    return (this.subscription = new FakeSubscription(this, key === null ? null : new TextEncoder().encode(key).buffer));
  }
}

export class FakeRegistration {
  readonly pushManager = new FakePushManager();
  active: { scriptURL: string; state: string } | null = null;
  readonly waiting = null;
  readonly installing = null;
  updates = 0;

  constructor(readonly scope: string) {}

  update = async () => void this.updates++;
}
