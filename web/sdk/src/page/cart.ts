/** The cart as this page knows it: pure. */

import type { Line } from "./shapes";

/** Only id, price and count of each. */
export type Cart = readonly Line[];

/** More lines than this no person has in a cart. */
const LINES = 100;

/** The cart after `count` more of this item; a negative one takes away. */
export function changed(cart: Cart, { id, price, count }: Line): Cart {
  const before = cart.find((line) => line.id === id);
  const paid = price ?? before?.price;
  const after = { id, count: (before?.count ?? 0) + count, ...(paid === undefined ? {} : { price: paid }) };
  const others = cart.filter((line) => line.id !== id);
  return (after.count > 0 ? [...others, after] : others).slice(-LINES);
}

export const whole = (lines: Cart): Cart => lines.reduce<Cart>(changed, []);

/**
 * How `before` became `after`, as pieces that came (positive counts) and went; undefined when that cannot be said in
 * pieces, because it was not known before or prices are others.
 */
export function difference(before: Cart | undefined, after: Cart): Line[] | undefined {
  const of = (cart: Cart, id: string) => cart.find((line) => line.id === id);
  if (!before || after.some(({ id, price }) => of(before, id) && of(before, id)!.price !== price)) return undefined;
  return [...after, ...before.filter(({ id }) => !of(after, id))]
    .map((line) => ({ ...line, count: (of(after, line.id)?.count ?? 0) - (of(before, line.id)?.count ?? 0) }))
    .filter(({ count }) => count);
}

export const sums = (cart: Cart): { readonly count: number; readonly total: number } => ({
  count: cart.reduce((sum, { count }) => sum + count, 0),
  // Summed in thousandths: 0.1 + 0.2 has to be 0.3 where a campaign says so.
  total: cart.reduce((sum, { count, price }) => sum + Math.round(count * (price ?? 0) * 1000), 0) / 1000,
});
