/**
 * JSON of whatever a page hands over, at bounded cost.
 *
 * Written by hand for what JSON.stringify trips over: cycles, getters that throw, texts of megabytes, lone surrogates
 * and NUL (which databases refuse), and old libraries that give Array.prototype a toJSON.
 */

/** What is still to be taken of a value. */
interface Left {
  /** Members and elements, in all. */
  nodes: number;
  /** Characters of each text. */
  readonly text: number;
  /** Whether something was left out for its size. */
  cut: boolean;
}

/** Levels, and members of one object or list. */
const DEPTH = 5;
const MEMBERS = 300;
/** Characters of a member's name. */
const NAME = 64;

const UNFIT = /[\0\p{Cs}]/gu;

function write(value: unknown, depth: number, left: Left): string | undefined {
  if (value === null) return "null";
  if (typeof value === "string") {
    if (value.length > left.text) left.cut = true;
    return JSON.stringify(value.slice(0, left.text).replace(UNFIT, "\ufffd"));
  }
  // What is no 64-bit integer is no number to a server.
  if (typeof value === "number" || typeof value === "bigint")
    return Math.abs(Number(value)) < 9e18 ? String(value) : undefined;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "object") return undefined;
  if (value instanceof Date) return Number.isFinite(+value) ? `"${value.toISOString()}"` : undefined;
  const list = Array.isArray(value);
  // Of elements, events, windows and the like nothing is wanted, and they lead everywhere.
  if (!list && Object.prototype.toString.call(value) !== "[object Object]") return undefined;
  const names = list ? undefined : Object.keys(value as object);
  const length = names?.length ?? (value as unknown[]).length;
  const named = { ...left, text: NAME };
  const parts: string[] = [];
  for (let i = 0; i < length; i++) {
    if (left.nodes <= 0 || i >= MEMBERS || depth >= DEPTH) {
      left.cut = true;
      break;
    }
    left.nodes--;
    const name = names ? names[i]! : i;
    const part = member(value, name, depth + 1, left);
    if (part !== undefined) parts.push(names ? `${write(name, 0, named)}:${part}` : part);
  }
  left.cut ||= named.cut;
  return list ? `[${parts.join()}]` : `{${parts.join()}}`;
}

function member(value: object, name: string | number, depth: number, left: Left): string | undefined {
  try {
    return write((value as Record<string | number, unknown>)[name], depth, left);
  } catch {
    // A getter of the page's: what it would not tell is left out.
    return undefined;
  }
}

/**
 * The text, or undefined for what JSON has no word for, and whether it is less than was given. At most `nodes` members
 * and elements are taken, and `text` characters of each text. Never throws.
 */
export function json(value: unknown, nodes: number, text: number): readonly [text: string | undefined, cut: boolean] {
  const left = { nodes, text, cut: false };
  return [member({ value }, "value", 0, left), left.cut];
}
