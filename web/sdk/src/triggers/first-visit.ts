/** This browser has not been here on an earlier visit. */

import type { Trigger } from "./trigger";
import { is } from "./values";

export const firstVisit: Trigger = {
  kind: "first_visit",
  holds: (spec, env) => is(spec, env.firstVisit),
};
