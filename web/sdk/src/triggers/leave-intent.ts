/** The mouse has left the page over its top edge, towards tabs and address bar, and is not back. */

import type { Env, Trigger } from "./trigger";
import { listen } from "./values";

const away = new WeakSet<Env>();

export const leaveIntent: Trigger = {
  kind: "leave_intent",
  holds: (_, env) => away.has(env),
  watch(env, changed) {
    const stop = listen(env.document.documentElement, ["mouseleave", "mouseenter"], (event: MouseEvent) => {
      if (event.type === "mouseenter") away.delete(env);
      else if (event.clientY <= 0) {
        away.add(env);
        changed();
      }
    });
    return () => {
      stop();
      away.delete(env);
    };
  },
};
