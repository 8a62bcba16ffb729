import assert from "node:assert/strict";
import test from "node:test";
import { makeOpener } from "../../src/window/opener";

const PUSH = "https://push.shop.example";
const STATE = "s".repeat(43);

/** A page that opens windows, and a server that gives states. */
function page({ subscribed = false, blocked = false, origin = PUSH as string | null } = {}) {
  const listeners = new Set<(event: object) => void>();
  const kept = new Map<string, unknown>();
  const asked: string[] = [];
  const opened = { closed: false, location: { replace: (url: string) => void (opened.url = url) }, url: "", close: () => void (opened.closed = true) };
  Object.assign(globalThis, {
    open: () => (blocked ? null : opened),
    addEventListener: (_: string, listener: never) => listeners.add(listener),
    removeEventListener: (_: string, listener: never) => listeners.delete(listener),
  });
  const opener = makeOpener({
    key: "hpk_x",
    keeper: { get: (name) => kept.get(name), set: (name, value) => void kept.set(name, value), lasts: () => true, allow: () => undefined },
    visitor: () => "hvi_AAECAwQFBgcICQoLDA0ODw",
    ask: async (method, path) => {
      asked.push(`${method} ${path}`);
      return method === "GET" ? { origin, subscribed } : { origin, state: STATE };
    },
    fault: (sentence) => new Error(sentence),
    failed: (error) => assert.equal(String(error), ""),
  });
  const hear = (data: unknown, from: string = PUSH, source: unknown = opened) => {
    for (const listener of [...listeners]) listener({ origin: from, source, data });
  };
  return { opener, opened, hear, kept, asked, listeners };
}

const answer = (result: string, state = STATE) => ({ heliograph: "window", state, result });
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("A click opens the window with its state in the fragment, and the answer is remembered.", async () => {
  const { opener, opened, hear, kept, listeners } = page();
  const work = opener.subscribe();
  await settled();
  assert.equal(opened.url, `${PUSH}/window#key=hpk_x&state=${STATE}`);
  hear(answer("subscribed"));
  assert.equal((await work).status, "subscribed");
  assert.deepEqual(kept.get("window"), { result: "subscribed" });
  assert.equal((await opener.status()).status, "subscribed");
  assert.equal(listeners.size, 0);
});

test("What others say is not an answer.", async () => {
  const { opener, opened, hear } = page();
  const work = opener.subscribe();
  await settled();
  hear(answer("subscribed"), "https://evil.example");
  hear(answer("subscribed"), PUSH, {});
  hear(answer("subscribed", "t"));
  hear("subscribed");
  opened.closed = true;
  assert.equal((await work).status, "default");
});

test("A window that the browser keeps shut is an error, and nothing was asked of the server.", async () => {
  const { opener, asked } = page({ blocked: true });
  await assert.rejects(opener.subscribe(), /call subscribe\(\) in a click/);
  assert.deepEqual(asked, ["GET /windows?visitor=hvi_AAECAwQFBgcICQoLDA0ODw"]);
});

test("A visitor who is known to be subscribed is not asked.", async () => {
  assert.equal((await page({ subscribed: true }).opener.status()).status, "subscribed");
});

test("Without a push host an http page can do nothing.", async () => {
  assert.equal((await page({ origin: null }).opener.status()).status, "insecure");
});
