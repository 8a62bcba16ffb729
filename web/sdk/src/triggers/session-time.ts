/** For how many seconds of this session one of its pages had the focus. */

import type { Trigger } from "./trigger";
import { lasted } from "./values";

export const sessionTime: Trigger = {
  kind: "session_time",
  // Without the focus time stands still, and its return is a change that is told of.
  holds: (spec, env) => lasted(spec, env.session.focused, env, env.document.hasFocus()),
};
