/** Time that tests move: Date.now() and timers, which fire in order and when they are due. */

interface Timer {
  readonly at: number;
  readonly work: () => void;
}

const real = { setTimeout: globalThis.setTimeout, now: Date.now };

export class FakeClock {
  private timers = new Map<number, Timer>();
  private count = 0;

  constructor(private time = 1_800_000_000_000) {}

  install(): this {
    const page = globalThis as any;
    Date.now = () => this.time;
    // What has no delay is about the order of things and not about time, in fakes above all.
    page.setTimeout = (work: () => void, delay = 0) =>
      delay <= 1
        ? real.setTimeout(work, delay)
        : (this.timers.set(++this.count, { at: this.time + delay, work }), this.count);
    const clear = globalThis.clearTimeout;
    page.clearTimeout = (id: any) => this.timers.delete(id) || clear(id);
    return this;
  }

  get now(): number {
    return this.time;
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.timers.size;
  }

  /** Sets the clock without letting anything happen, as a machine that sleeps does. */
  jump(milliseconds: number): void {
    this.time += milliseconds;
  }

  /** Lets time pass, and what is due in it happen. */
  pass(milliseconds: number): void {
    const until = this.time + milliseconds;
    for (;;) {
      const [next] = [...this.timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at);
      if (!next) break;
      this.timers.delete(next[0]);
      this.time = Math.max(this.time, next[1].at);
      next[1].work();
    }
    this.time = until;
  }
}

/** Lets promises and requests of the fakes settle. */
export const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => real.setTimeout(resolve));
};
