/** The advertisement that led here, by the utm_ parameters of the address; all that are asked for must be equal. */

import type { Trigger } from "./trigger";
import { text } from "./values";

const MEMBERS = ["source", "campaign", "medium"];

export const utm: Trigger = {
  kind: "utm",
  holds(spec, env) {
    const asked = MEMBERS.filter((member) => spec[member] != null);
    const equal = (member: string) => text(spec[member]) && spec[member] === env.session.utm["utm_" + member];
    return asked.length > 0 && asked.every(equal);
  },
};
