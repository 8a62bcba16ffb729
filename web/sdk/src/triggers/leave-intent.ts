/** The mouse has left the page over its top edge, towards tabs and address bar, and is not back. */

import type { Env, Trigger } from "./trigger";

const away = new WeakSet<Env>();

export const leaveIntent: Trigger = {
  kind: "leave_intent",
  holds: (_, env) => away.has(env),
  watch(env, changed) {
    const root = env.document.documentElement;
    const left = ({ clientY }: MouseEvent) => {
      if (clientY > 0) return;
      away.add(env);
      changed();
    };
    const back = () => void away.delete(env);
    root.addEventListener("mouseleave", left);
    root.addEventListener("mouseenter", back);
    return () => {
      back();
      root.removeEventListener("mouseleave", left);
      root.removeEventListener("mouseenter", back);
    };
  },
};
