/** For how many seconds this page has been open. */

import type { Trigger } from "./trigger";
import { lasted } from "./values";

export const timeOnPage: Trigger = {
  kind: "time_on_page",
  holds: (spec, env) => lasted(spec, env.now() - env.page.openedAt, env),
};
