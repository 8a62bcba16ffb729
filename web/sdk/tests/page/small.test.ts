import assert from "node:assert/strict";
import test from "node:test";
import { splitClick } from "../../src/page/arrival";
import { Emitter } from "../../src/page/events";
import { obstacle, type Facts } from "../../src/page/support";
import { readTag } from "../../src/page/tag";
import { decode, encode } from "../../src/shared/bytes";
import { within } from "../../src/shared/timing";

const PAGE = "https://shop.example/a/b?c#d";
const SDK = "https://push.example/sdk/v1/heliograph.js";

test("The tag's server is where the script came from, also below a path.", () => {
  assert.equal(readTag(SDK, { key: "hpk_1" }, PAGE).api, "https://push.example");
  assert.equal(
    readTag("https://x.example/push/sdk/v1/heliograph.js", { key: "hpk_1" }, PAGE).api,
    "https://x.example/push",
  );
  assert.equal(readTag(SDK, { key: "hpk_1", api: "https://other.example/" }, PAGE).api, "https://other.example");
});

test("The worker file decides the scope, and gets key and server in its address.", () => {
  const tag = readTag(SDK, { key: "hpk_1" }, PAGE);
  assert.equal(tag.scope, "https://shop.example/push/");
  assert.equal(
    tag.workerUrl,
    "https://shop.example/push/heliograph-worker.js?key=hpk_1&api=https%3A%2F%2Fpush.example",
  );
  assert.equal(readTag(SDK, { key: "hpk_1", worker: "/w.js?v=1/2" }, PAGE).scope, "https://shop.example/");
  assert.equal(readTag(SDK, { key: "hpk_1", registration: "/app/" }, PAGE).scope, "https://shop.example/app/");
});

test("A tag without a key, or with another site's worker, is refused with words.", () => {
  assert.throws(() => readTag(SDK, {}, PAGE), { code: "misconfigured" });
  assert.throws(() => readTag(SDK, { key: "  " }, PAGE), { code: "misconfigured" });
  assert.throws(() => readTag(SDK, { key: "hpk_1", worker: "https://push.example/worker.js" }, PAGE), {
    code: "misconfigured",
  });
});

const TOKEN = "dlv_01hzz.c2ln-_";
const addresses: readonly [given: string, clean: string | null][] = [
  [`https://shop.example/?heliograph_click=${TOKEN}`, "https://shop.example/"],
  [`https://shop.example/o?a=1&heliograph_click=${TOKEN}&b=2#x`, "https://shop.example/o?a=1&b=2#x"],
  [`https://shop.example/o?q=a%20b+c&empty&heliograph_click=${TOKEN}`, "https://shop.example/o?q=a%20b+c&empty"],
  [`https://shop.example/?x_heliograph_click=${TOKEN}`, null],
  ["https://shop.example/?heliograph_click=", null],
  ["https://shop.example/?heliograph_click=<script>", null],
  ["https://shop.example/?heliograph_click=sub_1.x", null],
  ["https://shop.example/#heliograph_click=dlv_1.x", null],
];
for (const [given, clean] of addresses) {
  test(`From ${given} a click is ${clean === null ? "not taken" : "taken, and only the click"}.`, () => {
    assert.deepEqual(splitClick(given), clean === null ? null : { delivery: TOKEN, clean });
  });
}

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15";
const able: Facts = {
  secure: true,
  worker: true,
  push: true,
  notification: true,
  userAgent: MAC,
  touchPoints: 0,
  standalone: false,
};
const supports: readonly [what: string, differs: Partial<Facts>, found: string | null][] = [
  ["a browser with everything", {}, null],
  ["an http page", { secure: false, worker: false, push: false }, "insecure"],
  ["a Safari tab on an iPhone", { userAgent: IPHONE, push: false, notification: false }, "ios-needs-home-screen"],
  [
    "a Safari tab on an iPad that calls itself a Mac",
    { touchPoints: 5, push: false, notification: false },
    "ios-needs-home-screen",
  ],
  [
    "an old iPhone's home-screen app",
    { userAgent: IPHONE, push: false, notification: false, standalone: true },
    "unsupported",
  ],
  ["a new iPhone's home-screen app", { userAgent: IPHONE, standalone: true }, null],
  ["an old Mac", { push: false }, "unsupported"],
  ["a private window without workers", { worker: false }, "unsupported"],
];
for (const [what, differs, found] of supports) {
  test(`In ${what}, web push ${found === null ? "can work" : "is " + found}.`, () => {
    assert.equal(obstacle({ ...able, ...differs }), found);
  });
}

test("A listener that comes late still hears of the click that opened the page, once.", () => {
  const events = new Emitter();
  const click = { notification: null, delivery: "dlv_1", action: null, url: PAGE, data: null };
  events.emit("clicked", click);
  const heard: unknown[] = [];
  events.on("clicked", (detail) => heard.push(detail));
  events.on("clicked", (detail) => heard.push(detail));
  assert.deepEqual(heard, [click]);
});

test("A listener that was removed hears nothing, and one that throws does not stop the others.", () => {
  const events = new Emitter();
  const heard: unknown[] = [];
  const stop = events.on("data", () => void heard.push("stopped"));
  const error = console.error;
  console.error = () => undefined;
  events.on("data", () => {
    throw new Error("the site's mistake");
  });
  events.on("data", () => void heard.push("heard"));
  stop();
  events.emit("data", { data: 1, notification: null, delivery: null });
  console.error = error;
  assert.deepEqual(heard, ["heard"]);
});

test("Base64url survives the way there and back, with every byte.", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const length of [0, 1, 2, 3, 65, 256])
    assert.deepEqual(decode(encode(bytes.slice(0, length))), bytes.slice(0, length));
  assert.equal(encode(new Uint8Array([251, 255])), "-_8");
});

test("What takes too long is ended with a code, and not at all when it is quick.", async () => {
  await assert.rejects(within(1, "it", new Promise(() => undefined)), { code: "timeout" });
  assert.equal(await within(1000, "it", Promise.resolve("quick")), "quick");
  await assert.rejects(within(1000, "it", Promise.reject(new TypeError("own"))), { name: "TypeError" });
});
