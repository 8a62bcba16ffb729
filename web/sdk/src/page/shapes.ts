/** Items, carts and prices as shops write them: our members, Flocktory's, or those of Google's enhanced e-commerce. */

import { HeliographError } from "../shared/errors";

export type Loose = Readonly<Record<string, unknown>>;

export interface Line {
  readonly id: string;
  readonly price?: number;
  readonly count: number;
}

export interface Item {
  readonly id: string;
  readonly category_id?: string;
  readonly vendor?: string;
  readonly available?: boolean;
  readonly price?: number;
  readonly title?: string;
  readonly image?: string;
  readonly url?: string;
}

const wrong = (sentence: string) => new HeliographError("misconfigured", sentence);

/** Anything as an object whose members can be asked for. */
export const loose = (value: unknown): Loose => (typeof value === "object" && value !== null ? (value as Loose) : {});

/** Longer than any id of a server's table. */
const LONGEST = 1000;

/** A text or number as text, undefined when there is nothing in it. */
export const words = (value: unknown): string | undefined =>
  (typeof value === "string" && value.trim()) || typeof value === "number"
    ? String(value).slice(0, LONGEST).trim()
    : undefined;

/** An id, which everything that is tracked needs. */
export function idOf(value: unknown, what: string): string {
  const id = words(loose(value)["id"]);
  if (id === undefined) throw wrong(`${what} needs an id`);
  return id;
}

/** 1234.5, "1234,5", "1 234.50", "1.234,50 €" as a number; the last dot or comma parts the cents. */
export function price(value: unknown): number | undefined {
  const digits = String(words(value) ?? "").replace(/[^\d.,-]/g, "");
  const cents = /[.,](\d*)$/.exec(digits);
  const whole = (cents ? digits.slice(0, cents.index) : digits).replace(/[.,]/g, "");
  const number = parseFloat(`${whole || "0"}.${cents?.[1] || "0"}`);
  return /\d/.test(digits) && number >= 0 ? number : undefined;
}

function count(value: unknown): number {
  const number = value === undefined ? 1 : Number(value);
  if (!(number >= 0 && number < 1e6)) throw wrong("a count is a number of pieces");
  return number;
}

export function item(value: unknown): Item {
  const given = loose(value);
  const available = given["available"];
  return {
    id: idOf(given, "an item"),
    ...defined({
      category_id: words(given["category_id"] ?? given["categoryId"] ?? given["category"]),
      vendor: words(given["vendor"] ?? given["brand"]),
      available: available === undefined ? undefined : !/^(false|0|no|)$/i.test(String(available)),
      price: price(given["price"]),
      title: words(given["title"] ?? given["name"]),
      image: words(given["image"]),
      url: words(given["url"]),
    }),
  };
}

/** An item with how many of it. */
export const line = (value: unknown): Item & Line => ({
  ...item(value),
  count: count(loose(value)["count"] ?? loose(value)["quantity"]),
});

/** The lines of a command: {item}, {item: […]}, {items: […]}, {products: […]}, or the same below `cart`. */
export function lines(value: unknown): (Item & Line)[] {
  const given = loose(value);
  const found = given["item"] ?? given["items"] ?? given["products"];
  if (found === undefined) throw wrong("there are no items");
  return (Array.isArray(found) ? (found as unknown[]) : [found]).slice(0, 100).map(line);
}

function defined<T extends object>(members: { [K in keyof T]: T[K] | undefined }): T {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(members)) {
    const value = members[name as keyof T];
    if (value !== undefined) kept[name] = value;
  }
  return kept as T;
}
