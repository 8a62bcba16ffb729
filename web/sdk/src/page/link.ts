/** The three ends that have to agree (server, worker registration, browser tab), fetched once per page. */

import { fetchConfig, type Address, type Config, type Identity } from "../shared/api";
import { register } from "./registration";
import type { Tag } from "./tag";

export interface Link {
  readonly tag: Tag;
  readonly address: Address;
  readonly config: () => Promise<Config>;
  readonly registration: () => Promise<ServiceWorkerRegistration>;
  /** Forgets the configuration, where the server has shown that it is out of date. */
  readonly outdated: () => void;
  /** Who the site says this is, on this page; never stored. */
  identity: Identity | undefined;
}

/** A promise that is made once, and once more after it failed. */
function memo<T>(make: () => Promise<T>): readonly [get: () => Promise<T>, forget: () => void] {
  let made: Promise<T> | undefined;
  const forget = () => (made = undefined);
  const get = () => {
    if (!made) (made = make()).catch(forget);
    return made;
  };
  return [get, forget];
}

export function makeLink(tag: Tag): Link {
  const address = { key: tag.key, api: tag.api };
  const [config, outdated] = memo(() => fetchConfig(address));
  const [registration] = memo(() => register(tag));
  return { tag, address, config, registration, outdated, identity: undefined };
}
