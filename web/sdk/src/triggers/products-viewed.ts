/** How many different items were viewed in this session. */

import type { Trigger } from "./trigger";
import { within } from "./values";

export const productsViewed: Trigger = {
  kind: "products_viewed",
  holds: (spec, env) => within(spec, env.session.products),
};
