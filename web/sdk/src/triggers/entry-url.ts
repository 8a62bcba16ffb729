/** The address at which the session began. */

import type { Trigger } from "./trigger";
import { matcher } from "./values";

export const entryUrl: Trigger = {
  kind: "entry_url",
  holds: (spec, env) => matcher(spec)?.(env.session.entryUrl) === true,
};
