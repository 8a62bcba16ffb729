/**
 * The command queue: `window.heliograph` is an array until this script has loaded, an object with the same push()
 * after.
 *
 * Commands run at once and in order, inside the caller's own call: a subscribe pushed by a click handler still has the
 * click's permission to ask.
 */

import { explained, HeliographError } from "../shared/errors";

type Callback = (error: HeliographError | null, result?: unknown) => void;
export type Command = readonly [name: string, ...parts: unknown[]] | ((heliograph: object) => void);
export type Methods = Readonly<Record<string, (...parts: never[]) => unknown>>;

/** Commands that take a function of their own, which therefore is not a callback. */
const LISTENING = ["on", "off"];

export function run(
  command: Command,
  target: object,
  methods: Methods,
  failed: (error: HeliographError) => void,
): void {
  if (typeof command === "function") {
    command(target);
    return;
  }
  const parts = Array.isArray(command) ? [...(command as unknown[])] : [command];
  const name = String(parts.shift());
  const last = parts[parts.length - 1];
  const callback = typeof last === "function" && !LISTENING.includes(name) ? (parts.pop() as Callback) : undefined;
  const method = Object.prototype.hasOwnProperty.call(methods, name) ? methods[name] : undefined;
  if (!method) {
    const error = new HeliographError("unknown-command", `there is no command "${name}"`);
    failed(error);
    callback?.(error);
    return;
  }
  let result: unknown;
  try {
    result = (method as (...parts: unknown[]) => unknown)(...parts);
  } catch (error) {
    result = Promise.reject(explained(error, "misconfigured", name));
  }
  // Methods report their own failures as "error" events, so a command without a callback may let them go.
  Promise.resolve(result).then(
    (value) => callback?.(null, value),
    (error) => callback?.(explained(error, "misconfigured", name)),
  );
}
