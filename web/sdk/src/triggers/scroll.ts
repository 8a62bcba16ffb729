/** How far down the page is, in percent of what there is to scroll. */

import type { Trigger } from "./trigger";
import { within } from "./values";

const OPTIONS = { passive: true };

export const scroll: Trigger = {
  kind: "scroll",
  holds(spec, { window, document }) {
    const { scrollTop, scrollHeight } = document.scrollingElement ?? document.documentElement;
    const room = scrollHeight - window.innerHeight;
    // A page that fits its window is not scrolled, rather than wholly.
    return within(spec, room > 0 ? (scrollTop * 100) / room : 0);
  },
  watch({ window }, changed) {
    window.addEventListener("scroll", changed, OPTIONS);
    return () => window.removeEventListener("scroll", changed);
  },
};
