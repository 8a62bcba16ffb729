/** For how many seconds the person has touched neither mouse, keyboard nor screen. */

import type { Env, Trigger } from "./trigger";
import { lasted } from "./values";

const SIGNS = ["mousemove", "mousedown", "keydown", "touchstart", "wheel", "scroll"];
const OPTIONS = { passive: true, capture: true };
const lastSign = new WeakMap<Env, number>();

export const inactivity: Trigger = {
  kind: "inactivity",
  holds: (spec, env) => lasted(spec, env.now() - (lastSign.get(env) ?? env.page.openedAt), env),
  watch(env) {
    // Nothing to tell: activity never makes this hold, and the look that was asked for sees how things are by then.
    const sign = () => void lastSign.set(env, env.now());
    for (const name of SIGNS) env.window.addEventListener(name, sign, OPTIONS);
    return () => {
      for (const name of SIGNS) env.window.removeEventListener(name, sign, OPTIONS);
    };
  },
};
