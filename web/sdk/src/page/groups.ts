/** Groups as a site writes them, and as they are kept. */

import { HeliographError } from "../shared/errors";
import type { Group } from "../shared/state";

export type GroupLike = string | { readonly name: string; readonly identifier?: string | number | null };

export function group(like: GroupLike, identifier?: string | number | null): Group {
  const given = typeof like === "object" && like ? like : { name: like, identifier };
  if (typeof given.name !== "string" || !given.name) throw new HeliographError("misconfigured", "a group needs a name");
  return { name: given.name, identifier: given.identifier == null ? null : String(given.identifier) };
}

const same = (a: Group) => (b: Group) => a.name === b.name && a.identifier === b.identifier;

export const without = (all: readonly Group[] | undefined, one: Group): Group[] =>
  (all ?? []).filter((other) => !same(one)(other));

export const including = (all: readonly Group[] | undefined, more: readonly Group[]): Group[] =>
  more.reduce<Group[]>((found, one) => [...without(found, one), one], [...(all ?? [])]);

export const pathOf = ({ name, identifier }: Group): string =>
  `/groups/${encodeURIComponent(name)}${identifier === null ? "" : "?identifier=" + encodeURIComponent(identifier)}`;
