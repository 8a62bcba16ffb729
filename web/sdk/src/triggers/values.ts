/** Reading specs: every member may be missing or of another type, and then nothing holds. */

import type { Env, Spec } from "./trigger";

const bound = (value: unknown, otherwise: number): number =>
  value == null ? otherwise : typeof value === "number" ? value : NaN;

/** Whether `value` is between `from` and `to`, both included and both optional. Comparisons with NaN are false. */
export const within = ({ from, to }: Spec, value: number): boolean =>
  value >= bound(from, -Infinity) && value <= bound(to, Infinity);

/** As within(), for milliseconds that grow by themselves against bounds in seconds; looks again when it is time. */
export function lasted(spec: Spec, milliseconds: number, env: Env): boolean {
  const missing = bound(spec["from"], 0) * 1000 - milliseconds;
  if (missing > 0) env.again(missing);
  return within(spec, milliseconds / 1000);
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
