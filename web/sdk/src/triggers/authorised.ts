/** Somebody is logged in, as far as this page has said. */

import type { Trigger } from "./trigger";
import { is } from "./values";

export const authorised: Trigger = {
  kind: "authorised",
  holds: (spec, env) => is(spec, env.authorised),
};
