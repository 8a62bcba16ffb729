/**
 * The window's page, on the push host: asks, subscribes, and tells the page that opened it. Nothing that page says counts
 * but that it opened the window: who it is, the server tells.
 */

import { makeClient, type Client } from "../page/client";
import { Emitter } from "../page/events";
import type { Tag } from "../page/tag";
import { call } from "../shared/api";
import type { HeliographError } from "../shared/errors";
import { readState } from "../shared/state";
import { familyOf } from "../widgets/guide/browser";
import { TEXTS as GUIDE } from "../widgets/guide/texts";
import type { Answer, Result } from "./answer";
import { filled, textsFor } from "./texts";

const [language, texts] = textsFor(navigator.languages);
const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

function show(title: string, text: string, yes?: string, no?: string): void {
  element("title").textContent = title;
  element("text").textContent = text;
  for (const [id, label] of [["yes", yes], ["no", no]] as const) {
    const button = element<HTMLButtonElement>(id);
    button.textContent = label ?? "";
    button.hidden = label === undefined;
  }
  (yes === undefined ? undefined : element("yes"))?.focus();
}

/** The next choice that somebody makes. */
const choice = (): Promise<"yes" | "no"> =>
  new Promise((resolve) => {
    for (const id of ["yes", "no"] as const) element(id).addEventListener("click", () => resolve(id), { once: true });
  });

function tagOf(key: string): Tag {
  const { origin } = location;
  const worker = new URL("/push/heliograph-worker.js", origin);
  worker.search = new URLSearchParams({ key, api: origin }).toString();
  return { key, api: origin, workerUrl: worker.href, scope: `${origin}/push/`, guest: false, track: false, alias: [], popup: false };
}

async function start(): Promise<void> {
  document.documentElement.lang = language;
  const given = new URLSearchParams(location.hash.slice(1));
  // A state is good once: it must not be tried again by going back, nor stay in the history.
  history.replaceState(null, "", location.pathname);
  const key = given.get("key") ?? "";
  const state = given.get("state") ?? "";
  const opened = opener as Window | null;
  const tag = tagOf(key);
  const claimed = opened && (await claim(tag, state));
  if (!claimed) return show(texts.lost, texts.lostBody);
  const client = makeClient(tag, new Emitter());
  const answer = (result: Result) => {
    const said: Answer = { heliograph: "window", state, result };
    // To this origin and no other: whatever was opened in its place meanwhile hears nothing.
    opened.postMessage(said, claimed);
  };
  const result = await ask(client, tag, state, new URL(claimed).host);
  answer(result);
  if (result === "subscribed" || result === "dismissed") return close();
  if (result === "unsupported") show(texts.unsupported, "", undefined, texts.close);
  else show(guide().title, guide()[familyOf(navigator.userAgent, navigator.maxTouchPoints)].join(" → "), undefined, texts.close);
  await choice();
  close();
}

const guide = () => GUIDE[language] ?? GUIDE["en"]!;

async function claim(tag: Tag, state: string): Promise<string | undefined> {
  try {
    return (await call<{ opener: string }>(tag, "POST", "/windows/claim", { body: { state } })).opener;
  } catch {
    return undefined;
  }
}

/** Asks unless it is known already; cleared cookies of the site's page leave what is known here. */
async function ask(client: Client, tag: Tag, state: string, site: string): Promise<Result> {
  const { status, permission } = await client.verbs.status();
  if (status === "subscribed") return finish(tag, state);
  if (status === "denied") return "denied";
  if (permission === null) return "unsupported";
  client.prefetch();
  for (let first = true; ; first = false) {
    show(filled(texts.title, site), first ? filled(texts.body, location.host) : texts.failed, texts.yes, texts.no);
    // Granted before: the person asked for it once more by opening this window.
    if (!(first && permission === "granted") && (await choice()) === "no") return "dismissed";
    try {
      await client.verbs.subscribe();
      show(texts.done, "");
      return await finish(tag, state);
    } catch (error) {
      const { code } = error as HeliographError;
      if (code === "denied" || code === "dismissed") return code;
    }
  }
}

/** Lets the server know whose it is; the subscription is there whether or not that works. */
async function finish(tag: Tag, state: string): Promise<Result> {
  const { id, secret } = (await readState(tag.scope)) ?? {};
  if (id && secret) {
    const about = { body: { state, subscription: id }, secret };
    await call(tag, "POST", "/windows/finish", about).catch(() => undefined);
  }
  return "subscribed";
}

void start();
