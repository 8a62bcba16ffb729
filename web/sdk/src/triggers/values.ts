/** Reading specs: every member may be missing or of another type, and then nothing holds. */

import type { Env, Spec } from "./trigger";

const bound = (value: unknown, otherwise: number): number =>
  value == null ? otherwise : typeof value === "number" ? value : NaN;

/** Whether `value` is between `from` and `to`, both included and both optional. Comparisons with NaN are false. */
export const within = ({ from, to }: Spec, value: number): boolean =>
  value >= bound(from, -Infinity) && value <= bound(to, Infinity);

/**
 * As within(), for milliseconds that grow by themselves while they are `running`, against bounds in seconds; looks
 * again when it is time.
 */
export function lasted(spec: Spec, milliseconds: number, env: Env, running = true): boolean {
  const missing = bound(spec["from"], 0) * 1000 - milliseconds;
  if (missing > 0 && running) env.again(missing);
  return within(spec, milliseconds / 1000);
}

/** Listens to several events of one target; returns the function that ends it. */
export function listen(
  target: EventTarget,
  names: readonly string[],
  heard: (event: never) => void,
  capture = false,
): () => void {
  const options = { passive: true, capture };
  for (const name of names) target.addEventListener(name, heard as EventListener, options);
  return () => {
    for (const name of names) target.removeEventListener(name, heard as EventListener, options);
  };
}

/** Whether the spec wants exactly this answer. */
export const is = (spec: Spec, answer: boolean): boolean => spec["is"] === answer;

/** A text that says something: an empty one would be contained in everything. */
export const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);

/** Longer addresses are compared by their beginning, so that no expression takes long. */
const LONGEST = 2000;

/** A test of addresses, by substring or regular expression; undefined when the spec is neither. */
export function matcher({ mode, value }: Spec): ((url: string) => boolean) | undefined {
  const wanted = text(value);
  if (!wanted || wanted.length > LONGEST) return undefined;
  if (mode === "contains") return (url) => url.includes(wanted);
  if (mode !== "regex") return undefined;
  // An expression that is none throws here, and what throws does not hold.
  const expression = new RegExp(wanted);
  return (url) => expression.test(url.slice(0, LONGEST));
}
