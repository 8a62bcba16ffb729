/** A page that was viewed earlier in this session. */

import type { Trigger } from "./trigger";
import { matcher } from "./values";

export const visitedUrl: Trigger = {
  kind: "visited_url",
  holds(spec, env) {
    const matches = matcher(spec);
    return matches !== undefined && env.session.earlier.some(matches);
  },
};
