/** The page that led the person here from elsewhere. */

import type { Trigger } from "./trigger";
import { text } from "./values";

export const referrer: Trigger = {
  kind: "referrer",
  holds(spec, env) {
    const wanted = text(spec["contains"]);
    return wanted !== undefined && env.session.referrer.includes(wanted);
  },
};
