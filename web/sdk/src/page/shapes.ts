/** Items, carts and prices as shops write them: our members, Flocktory's, or those of Google's enhanced e-commerce. */

import { HeliographError } from "../shared/errors";

export type Loose = Readonly<Record<string, unknown>>;

export interface Item {
  readonly id: string;
  readonly price?: number;
  readonly available?: boolean;
  /** category_id, vendor, title, image, url */
  readonly [member: string]: unknown;
}

/** An item with how many of it. */
export interface Line extends Item {
  readonly count: number;
}

export const wrong = (sentence: string) => new HeliographError("misconfigured", sentence);

/** Anything as an object whose members can be asked for. */
export const loose = (value: unknown): Loose => (typeof value === "object" && value ? (value as Loose) : {});

/** Longer than any id of a server's table. */
const LONGEST = 1000;

/** A text or number as text; undefined when there is nothing in it. */
export const words = (value: unknown): string | undefined =>
  (typeof value === "string" ? value.slice(0, LONGEST).trim() : typeof value === "number" ? String(value) : "") ||
  undefined;

/** An id, which everything that is tracked needs. */
export function idOf(value: unknown, what: string): string {
  const id = words(loose(value)["id"]);
  if (!id) throw wrong(`${what} needs an id`);
  return id;
}

/** 1234.5, "1234,5", "1 234.50", "1.234,50 €" as a number; the last dot or comma parts the cents. */
export function price(value: unknown): number | undefined {
  const digits = typeof value === "number" ? String(value) : (words(value) ?? "").replace(/[^\d.,-]/g, "");
  const number = digits ? Number(digits.replace(/[.,](?=.*[.,])/g, "").replace(",", ".")) : NaN;
  return number >= 0 && number < 1e12 ? number : undefined;
}

/** Members of an item that are texts, with the names that others have for them. */
const TEXTS = [["category_id", "categoryId", "category"], ["vendor", "brand"], ["title", "name"], ["image"], ["url"]];

export function item(value: unknown): Item {
  const given = loose(value);
  const found: Record<string, unknown> = { id: idOf(given, "an item") };
  const paid = price(given["price"]);
  if (paid !== undefined) found["price"] = paid;
  if (given["available"] != null) found["available"] = !/^(false|0|no|)$/i.test(String(given["available"]));
  for (const names of TEXTS) {
    const text = names.map((name) => words(given[name])).find(Boolean);
    if (text) found[names[0]!] = text;
  }
  return found as Item;
}

export function line(value: unknown): Line {
  const given = loose(value);
  const count = Number(given["count"] ?? given["quantity"] ?? 1);
  if (!(count >= 0 && count < 1e6)) throw wrong("a count is a number of pieces");
  return { ...item(given), count };
}

/** The lines of a command: {item}, {item: […]}, {items: […]} or {products: […]}. */
export function lines(value: unknown): Line[] {
  const given = loose(value);
  const found = given["item"] ?? given["items"] ?? given["products"];
  if (!found) throw wrong("there are no items");
  return (Array.isArray(found) ? (found as unknown[]) : [found]).slice(0, 100).map(line);
}
