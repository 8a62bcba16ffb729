/** What the script tag says: other names for the commands, and that nothing may be tracked. */

import { heliograph as server, newBrowser, tab, workers } from "../fakes/page";
import assert from "node:assert/strict";
import test from "node:test";

const page = globalThis as any;
const warnings: string[] = [];

newBrowser();
page.__VERSION__ = "test";
page.console.warn = (text: string) => warnings.push(text);
page.location = tab.location;
page.history = tab.history;
page.document = tab.document;
Object.assign(workers, { addEventListener: () => undefined });
Object.assign(tab.document, {
  prerendering: true,
  currentScript: {
    src: "https://push.example/sdk/v1/heliograph.js",
    dataset: { key: "hpk_1", alias: "flocktory, theirs 9wrong" },
  },
});
const calls: unknown[] = [];
const theirs = { loaded: true, push: () => undefined };
Object.assign(tab, {
  heliograph: [["consent", false]],
  flocktory: [
    ["addToCart", { item: { id: 1 } }],
    ["getData", (_: unknown, data: unknown) => calls.push(data)],
  ],
  theirs,
});
await import("../../src/page/main");

test("On a page that is prerendered nothing happens before somebody looks at it.", () => {
  assert(Array.isArray((tab as any).heliograph));
  assert(Array.isArray((tab as any).flocktory));
  assert.deepEqual(server.log, []);
  tab.document.prerendering = false;
  tab.document.dispatchEvent(new Event("prerenderingchange"));
  assert.equal((tab as any).heliograph.loaded, true);
});

test("Another name is the same object, and its array is taken over.", async () => {
  const { heliograph, flocktory } = tab as any;
  assert.equal(flocktory, heliograph);
  await server.idle();
  assert.deepEqual(calls, [{ user: {}, cart: { items: [{ id: "1", count: 1 }] } }]);
  assert.deepEqual(flocktory.getData(), calls[0]);
});

test("A name at which somebody else is at work stays theirs, and this is told.", () => {
  assert.equal((tab as any).theirs, theirs);
  assert.equal(warnings.filter((text) => text.includes("window.theirs")).length, 1);
});

test("A person who does not agree leaves no trace, even when they said so before the script had loaded.", async () => {
  await server.idle();
  assert.deepEqual(tab.localStorage.keys, []);
  assert.deepEqual(server.batches, []);
});

test("Commands return nothing, answers or promises, and a mistake is told and not thrown.", async () => {
  const { heliograph } = tab as any;
  assert.equal(heliograph.trackItemView({ item: { id: 1 } }), undefined);
  const before = warnings.length;
  await assert.rejects(heliograph.trackItemView({}), { code: "misconfigured" });
  assert.equal(warnings.length, before + 1);
  const { permission, requireInteraction } = await heliograph.pushStatus();
  assert.deepEqual([permission, requireInteraction], ["default", true]);
  assert.deepEqual(await heliograph.pushSubscribe(), { permission: "granted" });
  assert.deepEqual(await heliograph.pushUnsubscribe(), { permission: "granted" });
});
