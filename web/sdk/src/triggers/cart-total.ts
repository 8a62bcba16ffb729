/** What the cart costs, in the shop's currency. */

import type { Trigger } from "./trigger";
import { within } from "./values";

export const cartTotal: Trigger = {
  kind: "cart_total",
  holds: (spec, env) => within(spec, env.cart.total),
};
