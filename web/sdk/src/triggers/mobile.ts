/** The browser says that it runs on a phone or tablet. */

import type { Trigger } from "./trigger";
import { is } from "./values";

const PHONES = /Mobi|Android|iP(hone|ad|od)/;

export const mobile: Trigger = {
  kind: "mobile",
  holds: (spec, env) => is(spec, PHONES.test(env.window.navigator.userAgent)),
};
