/** The address of this page, or with `exclude` any other. */

import type { Trigger } from "./trigger";
import { matcher } from "./values";

export const currentUrl: Trigger = {
  kind: "current_url",
  // A spec that is not understood holds nowhere, excluded or not.
  holds: (spec, env) => matcher(spec)?.(env.page.url) === !(spec["exclude"] ?? false),
};
