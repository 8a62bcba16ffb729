import assert from "node:assert/strict";
import test from "node:test";
import { sanitise } from "../../src/worker/options";
import { parse, type Push, type Site } from "../../src/worker/payload";

const alone: Site = { alone: true, title: "shop.example", body: "You have a new notification." };
const guest: Site = { ...alone, alone: false };
const TOKEN = "dlv_01hzz.c2lnbmF0dXJl";
const envelope = { d: TOKEN, n: "ntf_1" };

const read = (payload: unknown, site = alone): Push =>
  parse(
    { text: payload === null || typeof payload === "string" ? payload : JSON.stringify(payload), declared: null },
    site,
  );
const words = (push: Push) => push.kind === "show" && [push.content["title"], push.content["body"]];

test("A declarative payload is shown as it says, with its delivery and notification.", () => {
  const push = read({
    web_push: 8030,
    notification: { title: "Order 1042", body: "On its way", navigate: "https://shop.example/o/1042", mutable: true },
    heliograph: envelope,
  });
  assert.deepEqual(push, {
    kind: "show",
    content: { title: "Order 1042", body: "On its way", navigate: "https://shop.example/o/1042", mutable: true },
    declarative: false,
    delivery: TOKEN,
    notification: "ntf_1",
  });
});

const odd: readonly [what: string, payload: unknown, title: string, body: string][] = [
  ["no payload", null, "shop.example", "You have a new notification."],
  ["an empty text", "", "shop.example", "You have a new notification."],
  ["plain text", "The courier is here", "shop.example", "The courier is here"],
  ["half a JSON document", '{"notification":{"title":"Ord', "shop.example", '{"notification":{"title":"Ord'],
  ["a JSON string", '"hello"', "shop.example", "hello"],
  ["a number", "42", "shop.example", "42"],
  ["null", "null", "shop.example", "You have a new notification."],
  ["true", "true", "shop.example", "You have a new notification."],
  ["an array", "[1,2,3]", "shop.example", "You have a new notification."],
  ["an empty object", {}, "shop.example", "You have a new notification."],
  ["another vendor's shape", { title: "Sale", body: "Today" }, "Sale", "Today"],
  ["a notification without title", { notification: { body: "Today" }, heliograph: envelope }, "shop.example", "Today"],
  [
    "a notification that is empty",
    { notification: {}, heliograph: envelope },
    "shop.example",
    "You have a new notification.",
  ],
  ["a notification that is text", { notification: "Today", heliograph: envelope }, "shop.example", "Today"],
  [
    "a notification that is null",
    { notification: null, heliograph: envelope },
    "shop.example",
    "You have a new notification.",
  ],
  [
    "a notification that is a list",
    { notification: [1], heliograph: envelope },
    "shop.example",
    "You have a new notification.",
  ],
  ["a title only", { notification: { title: "Sale" }, heliograph: envelope }, "Sale", ""],
  ["a title that is a number", { notification: { title: 7 }, heliograph: envelope }, "7", ""],
  [
    "a title that is an object",
    { notification: { title: { a: 1 }, body: "b" }, heliograph: envelope },
    "shop.example",
    "b",
  ],
  ["an envelope and nothing else", { heliograph: envelope }, "shop.example", "You have a new notification."],
  ["an envelope of the wrong type", { heliograph: "yes", notification: { title: "Sale" } }, "Sale", ""],
  [
    "a null notification beside data",
    { heliograph: envelope, notification: null, data: 1 },
    "shop.example",
    "You have a new notification.",
  ],
];
for (const [what, payload, title, body] of odd) {
  test(`Where every push is ours, ${what} is shown.`, () => {
    assert.deepEqual(words(read(payload)), [title, body]);
  });
}

test("JSON beside the envelope and no notification is a data push, whatever the JSON is.", () => {
  for (const data of [{ stock: 3 }, [], 0, null, "text", false])
    assert.deepEqual(read({ heliograph: envelope, data }), {
      kind: "data",
      data,
      delivery: TOKEN,
      notification: "ntf_1",
    });
});

test("Data without our envelope is not taken for a data push, which would show nothing.", () => {
  assert.equal(read({ data: { a: 1 } }).kind, "show");
});

test("Inside a site's own worker, only pushes with our envelope are ours.", () => {
  for (const [, payload] of odd) {
    const ours = typeof payload === "object" && payload !== null && typeof (payload as any).heliograph === "object";
    assert.equal(read(payload, guest).kind === "foreign", !ours, JSON.stringify(payload));
  }
});

test("Apple hands a declarative push over as a notification, and its delivery in the address.", () => {
  const declared = { title: "Order", navigate: `https://shop.example/o?heliograph_click=${TOKEN}`, data: { a: 1 } };
  const push = parse({ text: null, declared }, guest);
  assert.equal(push.kind, "show");
  assert.equal(push.kind === "show" && push.declarative && push.delivery, TOKEN);
});

test("A declarative push of somebody else is left to the site's own worker, but shown in ours.", () => {
  for (const navigate of ["https://shop.example/", "not an address", undefined]) {
    assert.equal(parse({ text: null, declared: { title: "Order", navigate } }, guest).kind, "foreign");
    assert.equal(parse({ text: null, declared: { title: "Order", navigate } }, alone).kind, "show");
  }
});

/** A small deterministic generator (mulberry32), so that a failure can be repeated. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = [
  ..."title body tag lang dir icon image badge silent requireInteraction renotify vibrate timestamp actions action".split(
    " ",
  ),
  ..."navigate data notification heliograph d n web_push __proto__ constructor".split(" "),
];
const VALUES = [
  "",
  "text",
  "ltr",
  "/a.png",
  "https://x.example/y",
  "javascript:alert(1)",
  "http://[",
  "\ud800",
  0,
  -1,
  1.5,
  1e309,
  true,
  false,
  null,
];

function anything(next: () => number, depth: number): unknown {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const kind = next();
  if (depth === 0 || kind < 0.4) return pick(VALUES);
  const size = Math.floor(next() * 5);
  if (kind < 0.55) return Array.from({ length: size }, () => anything(next, depth - 1));
  return Object.fromEntries(Array.from({ length: size }, () => [pick(NAMES), anything(next, depth - 1)]));
}

test("Whatever JSON arrives, it is shown with options that no browser refuses, or it is a data push.", () => {
  const next = random(8030);
  for (let i = 0; i < 20_000; i++) {
    const text = JSON.stringify(
      next() < 0.5 ? { notification: anything(next, 3), heliograph: envelope } : anything(next, 4),
    );
    const push = parse({ text, declared: null }, alone);
    if (push.kind === "data") continue;
    assert(push.kind === "show", text);
    const { title, options } = sanitise(push.content, {
      base: "https://shop.example/push/w.js",
      maxActions: 2,
      tag: "dlv_1",
      keepNavigate: false,
    });
    assert(title.length > 0, text);
    assert(!options.renotify || (options.tag && !options.silent), text);
    assert(!(options.silent && options.vibrate), text);
    assert((options.actions ?? []).length <= 2, text);
    for (const url of [options.icon, options.image, options.badge])
      assert(url === undefined || /^(https?|data):/.test(url), text);
    assert(/^https?:/.test(options.data.heliograph.navigate), text);
    for (const link of Object.values(options.data.heliograph.actions)) assert(/^https?:/.test(String(link)), text);
  }
});
