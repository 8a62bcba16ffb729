/** For how many seconds of this session one of its pages had the focus. */

import type { Trigger } from "./trigger";
import { lasted } from "./values";

export const sessionTime: Trigger = {
  kind: "session_time",
  // Time stops without the focus; a look that comes too early for that reason only asks for another.
  holds: (spec, env) => lasted(spec, env.session.focused, env),
};
