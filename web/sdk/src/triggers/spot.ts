/** The page has a slot of this name: named in a command, or by an attribute of an element. */

import type { Trigger } from "./trigger";
import { text } from "./values";

const NAMES = ["data-hg-spot", "data-fl-spot"];

export const spot: Trigger = {
  kind: "spot",
  holds(spec, env) {
    const wanted = text(spec["value"]);
    if (!wanted) return false;
    // Compared and not selected by: a name may hold what means something in a selector.
    const marked = env.document.querySelectorAll(`[${NAMES.join("],[")}]`);
    return (
      env.spots.includes(wanted) ||
      Array.from(marked).some((element) => NAMES.some((name) => element.getAttribute(name) === wanted))
    );
  },
};
