/** How far down the page is, in percent of what there is to scroll. */

import type { Trigger } from "./trigger";
import { listen, within } from "./values";

export const scroll: Trigger = {
  kind: "scroll",
  holds(spec, { window, document }) {
    const { scrollTop, scrollHeight } = document.scrollingElement ?? document.documentElement;
    const room = scrollHeight - window.innerHeight;
    // A page that fits its window is not scrolled, rather than wholly.
    return within(spec, room > 0 ? (scrollTop * 100) / room : 0);
  },
  watch: ({ window }, changed) => listen(window, ["scroll"], changed),
};
