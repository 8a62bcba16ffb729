/** The cart as this page knows it: pure. */

import type { Item, Line } from "./shapes";

export type Cart = readonly Line[];
type Full = Item & Line;

/** More lines than this no person has in a cart. */
const LINES = 100;

const bare = ({ id, price, count }: Line): Line => (price === undefined ? { id, count } : { id, price, count });

/** The cart after `count` more of this item; a negative one takes away. */
export function changed(cart: Cart, { id, price, count }: Line): Cart {
  const before = cart.find((line) => line.id === id);
  const after = bare({ id, count: (before?.count ?? 0) + count, ...pick(price ?? before?.price) });
  const others = cart.filter((line) => line.id !== id);
  return (after.count > 0 ? [...others, after] : others).slice(-LINES);
}

const pick = (price: number | undefined) => (price === undefined ? {} : { price });

export const whole = (lines: readonly Full[]): Cart =>
  lines.reduce<Cart>((cart, line) => changed(cart, line), []);

/**
 * How `before` became `after`, as pieces that came and went; undefined when that cannot be said in pieces, because it
 * was not known before or prices are others.
 */
export function difference(before: Cart | undefined, after: Cart): Line[] | undefined {
  if (!before) return undefined;
  const found: Line[] = [];
  for (const line of after) {
    const old = before.find(({ id }) => id === line.id);
    if (old && old.price !== line.price) return undefined;
    const count = line.count - (old?.count ?? 0);
    if (count) found.push({ ...line, count });
  }
  for (const old of before) if (!after.some(({ id }) => id === old.id)) found.push({ ...old, count: -old.count });
  return found;
}

export const sums = (cart: Cart): { readonly count: number; readonly total: number } => ({
  count: cart.reduce((sum, line) => sum + line.count, 0),
  // Summed in thousandths: 0.1 + 0.2 has to be 0.3 where a campaign says so.
  total: cart.reduce((sum, { count, price }) => sum + Math.round(count * (price ?? 0) * 1000), 0) / 1000,
});
