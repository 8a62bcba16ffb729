/** The page fires an event of this name, at this moment. */

import type { Trigger } from "./trigger";
import { text } from "./values";

export const event: Trigger = {
  kind: "event",
  holds: (spec, env) => text(spec["name"]) !== undefined && spec["name"] === env.moment,
};
