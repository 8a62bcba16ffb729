/** There is a cookie of this name; its value is nobody's business. */

import type { Trigger } from "./trigger";
import { text } from "./values";

export const cookie: Trigger = {
  kind: "cookie",
  holds(spec, env) {
    const name = text(spec["name"]);
    // Throws in a sandboxed frame, and what throws does not hold.
    const names = env.document.cookie.split(";").map((pair) => pair.split("=")[0]!.trim());
    return name !== undefined && names.includes(name);
  },
};
