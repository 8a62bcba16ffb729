/** What every page does about prompts: one question to the server, and the runner's file only where there is an answer. */

import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { makePrompting } from "../../src/page/prompting";
import { settled } from "../fakes/clock";
import { installNetwork } from "../fakes/network";
import { asWindow, FakeWindow } from "../fakes/window";

(globalThis as any).__VERSION__ = "1.2.3";
const server = installNetwork();
let scripts: any[] = [];
let taken: any[] = [];
let failures: any[] = [];
const page = globalThis as any;

beforeEach(() => {
  server.reset();
  [scripts, taken, failures] = [[], [], []];
});

function open({ visitor = "hvi_1" as string | null, framed = false, status = "default" } = {}) {
  const tab: any = new FakeWindow("https://shop.example/shoes");
  tab.top = framed ? {} : tab;
  page.window = tab;
  page.navigator.language ??= "en-GB";
  page.document = {
    createElement: () => ({}),
    querySelector: () => ({ nonce: "n0nce" }),
    head: { append: (script: any) => scripts.push(script) },
  };
  const prompting = makePrompting({ api: "https://push.example", key: "hpk_1" }, {
    env: { window: asWindow(tab), page: { url: tab.location.href, openedAt: 0 } },
    client: { status: async () => ({ status, permission: status === "denied" ? "denied" : null }) },
    visitor: () => visitor ?? undefined,
    failed: (error: unknown) => failures.push(error),
  } as any);
  return { prompting, tab };
}

const runner = () => ({
  take: (...what: unknown[]) => taken.push(what),
  showPrompt: async (id: string) => ({ shown: id === "cmp_1" }),
  hidePrompts: () => taken.push("hide"),
});
const arrive = async () => {
  page.window.heliographPrompt("runner", runner);
  await settled();
};
const campaigns = (...all: unknown[]) =>
  (server.trouble = ({ path }) => (path.startsWith("/campaigns") ? [200, { campaigns: all }] : undefined));

test("The server is told who asks, where, and what the browser allows; without campaigns nothing is loaded.", async () => {
  campaigns();
  const { prompting } = open({ status: "ios-needs-home-screen" });
  prompting.begin();
  await settled();
  const [{ method, path, body, headers }] = server.exchanges as any;
  assert.equal(method + " " + path, "POST /campaigns?key=hpk_1");
  // Without a preflight: this is on the way of every page view.
  assert.deepEqual(headers, { "Content-Type": "text/plain" });
  assert.deepEqual(
    [body.visitor, body.url, body.permission, body.mobile],
    ["hvi_1", "https://shop.example/shoes", "ios-needs-home-screen", false],
  );
  assert.deepEqual(scripts, []);
  await assert.rejects(prompting.verbs.showPrompt("cmp_1"), { code: "misconfigured" });
  await prompting.verbs.hidePrompts();
});

test("With campaigns the runner is loaded once, with the tag's nonce, and given them page by page.", async () => {
  campaigns({ id: "cmp_1" });
  const { prompting } = open({ status: "denied" });
  prompting.begin();
  await settled();
  assert.equal(scripts[0].src, "https://push.example/sdk/v1/prompts/runner.js?v=1.2.3");
  assert.equal(scripts[0].nonce, "n0nce");
  await arrive();
  assert.deepEqual(taken[0], [[{ id: "cmp_1" }], { status: "denied", permission: "denied" }]);
  campaigns();
  prompting.begin();
  await settled();
  assert.deepEqual(taken[1][0], []);
  assert.equal(scripts.length, 1);
  assert.deepEqual(await prompting.verbs.showPrompt("cmp_1"), { shown: true });
  await prompting.verbs.hidePrompts();
  assert.equal(taken[2], "hide");
});

test("Nobody is asked who has no name here, and no page within another asks.", async () => {
  for (const how of [{ visitor: null }, { framed: true }]) {
    open(how).prompting.begin();
    await settled();
  }
  assert.deepEqual(server.exchanges, []);
});

test("An answer that comes after the page has become another one is dropped.", async () => {
  campaigns({ id: "old" });
  const { prompting } = open();
  prompting.begin();
  prompting.begin();
  await settled();
  await arrive();
  assert.equal(taken.length, 1);
});

test("A server that cannot be reached is told of, and a runner that did not come is fetched again.", async () => {
  server.trouble = () => "offline";
  const { prompting } = open();
  prompting.begin();
  await settled();
  assert.equal(failures[0].code, "network");
  campaigns({ id: "cmp_1" });
  prompting.begin();
  await settled();
  scripts[0].onerror();
  await settled();
  assert.equal(failures[1].code, "network");
  prompting.begin();
  await settled();
  assert.equal(scripts.length, 2);
  await arrive();
  assert.equal(taken.length, 1);
});
