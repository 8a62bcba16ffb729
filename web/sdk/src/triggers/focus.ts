/** The page has the focus: the person works with it and not with another window. */

import type { Trigger } from "./trigger";
import { is, listen } from "./values";

export const focus: Trigger = {
  kind: "focus",
  holds: (spec, env) => is(spec, env.document.hasFocus()),
  watch: ({ window }, changed) => listen(window, ["focus", "blur"], changed),
};
