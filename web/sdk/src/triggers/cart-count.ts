/** How many pieces are in the cart. */

import type { Trigger } from "./trigger";
import { within } from "./values";

export const cartCount: Trigger = {
  kind: "cart_count",
  holds: (spec, env) => within(spec, env.cart.count),
};
