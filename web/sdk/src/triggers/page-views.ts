/** How many pages were viewed in this session, this one included. */

import type { Trigger } from "./trigger";
import { within } from "./values";

export const pageViews: Trigger = {
  kind: "page_views",
  holds: (spec, env) => within(spec, env.session.pageViews),
};
