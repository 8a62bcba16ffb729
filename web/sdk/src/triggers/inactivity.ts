/** For how many seconds the person has touched neither mouse, keyboard nor screen. */

import type { Env, Trigger } from "./trigger";
import { lasted, listen } from "./values";

const SIGNS = ["mousemove", "mousedown", "keydown", "touchstart", "wheel", "scroll"];
const lastSign = new WeakMap<Env, number>();

export const inactivity: Trigger = {
  kind: "inactivity",
  holds: (spec, env) => lasted(spec, env.now() - (lastSign.get(env) ?? env.page.openedAt), env),
  // Nothing to tell: activity never makes this hold, and the look that was asked for sees how things are by then.
  watch: (env) => listen(env.window, SIGNS, () => lastSign.set(env, env.now()), true),
};
