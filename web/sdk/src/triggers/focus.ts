/** The page has the focus: the person works with it and not with another window. */

import type { Trigger } from "./trigger";
import { is } from "./values";

export const focus: Trigger = {
  kind: "focus",
  holds: (spec, env) => is(spec, env.document.hasFocus()),
  watch(env, changed) {
    env.window.addEventListener("focus", changed);
    env.window.addEventListener("blur", changed);
    return () => {
      env.window.removeEventListener("focus", changed);
      env.window.removeEventListener("blur", changed);
    };
  },
};
