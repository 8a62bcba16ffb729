import "../fakes/own-worker";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import "../../src/worker/main";
import { database, heliograph, worker } from "../fakes/own-worker";
import { FakeClient } from "../fakes/worker";

let count = 0;

beforeEach(() => {
  worker.forget();
  heliograph.reset();
  database.clear();
  database.health = "good";
});

const message = (delivery = `dlv_${++count}.mac`, more: object = {}) => ({
  web_push: 8030,
  notification: { title: "Order 1042", body: "On its way", navigate: "https://shop.example/o", mutable: true, ...more },
  heliograph: { d: delivery, n: "ntf_1" },
});
const titles = () => worker.shown.map(({ title }) => title);

test("A push is shown and then receipted with the worker's own key, in a request that needs no preflight.", async () => {
  await worker.push(message("dlv_a.mac"));
  assert.deepEqual(titles(), ["Order 1042"]);
  assert.equal(worker.shown[0]!.options.tag, "dlv_a");
  const [request] = heliograph.exchanges;
  assert.equal(request!.path, "/receipts?key=hpk_test");
  assert.deepEqual(request!.headers, { "Content-Type": "text/plain" });
  assert.equal(heliograph.receipts[0].delivery, "dlv_a.mac");
  assert.equal(heliograph.receipts[0].event, "displayed");
  assert(!Number.isNaN(Date.parse(heliograph.receipts[0].at)));
});

test("Nothing is asked of the network before the notification is shown.", async () => {
  worker.checks = () => assert.deepEqual(heliograph.log, []);
  await worker.push(message());
  assert.equal(worker.shown.length, 1);
});

test("A delivery that was shown is not shown again, nor receipted again.", async () => {
  await worker.push(message("dlv_b.mac"));
  await worker.push(message("dlv_b.mac"));
  assert.equal(worker.shown.length, 1);
  assert.equal(heliograph.receipts.length, 1);
});

test("The same delivery twice at the same moment is shown once.", async () => {
  const same = message("dlv_c.mac");
  await Promise.all([worker.push(same), worker.push(same), worker.push(same)]);
  assert.equal(worker.shown.length, 1);
});

test("Many deliveries at the same moment are all shown, with fewer requests than receipts.", async () => {
  await Promise.all(Array.from({ length: 100 }, () => worker.push(message())));
  assert.equal(worker.shown.length, 100);
  assert.equal(new Set(heliograph.receipts.map(({ delivery }) => delivery)).size, 100);
  assert(heliograph.exchanges.length < 20, `${heliograph.exchanges.length} requests`);
});

test("With storage that refuses to open, a notification is shown and receipted.", async () => {
  database.health = "refusing";
  await worker.push(message("dlv_d.mac"));
  assert.equal(worker.shown.length, 1);
  assert.equal(heliograph.receipts[0].delivery, "dlv_d.mac");
});

test("A browser that refuses an option is shown the words, the tag and the way.", async () => {
  worker.checks = ({ options }) => {
    if ("icon" in options) throw new TypeError("no icons here");
  };
  await worker.push(message("dlv_e.mac", { icon: "/i.png" }));
  const { title, options } = worker.shown[0]!;
  assert.equal(title, "Order 1042");
  assert.equal(options.body, "On its way");
  assert.equal(options.tag, "dlv_e");
  assert.equal(options.data.heliograph.navigate, "https://shop.example/o");
});

test("A delivery that could not be shown is not receipted and gets its chance when it is repeated.", async () => {
  worker.checks = () => {
    throw new TypeError("permission was just revoked");
  };
  await worker.push(message("dlv_f.mac"));
  assert.deepEqual(heliograph.receipts, []);
  worker.checks = () => undefined;
  await worker.push(message("dlv_f.mac"));
  assert.equal(worker.shown.length, 1);
});

test("A delivery claimed by a worker that was stopped before it could show it is shown.", async () => {
  database.put("values", "seen", new Map([["dlv_g", 0]]));
  await worker.push(message("dlv_g.mac"));
  assert.equal(worker.shown.length, 1);
});

test("Only the last 200 deliveries are remembered.", async () => {
  database.put("values", "seen", new Map(Array.from({ length: 200 }, (_, i) => [`dlv_old${i}`, 1])));
  await worker.push(message("dlv_h.mac"));
  const ring = new Map(database.rows("values")).get("seen") as Map<string, number>;
  assert.equal(ring.size, 200);
  assert(!ring.has("dlv_old0") && ring.has("dlv_old1") && ring.get("dlv_h"));
});

test("Odd payloads are shown one by one, without a delivery to remember or to receipt.", async () => {
  for (const odd of [null, "", "not json", '{"half', "[]", "null", {}]) await worker.push(odd);
  assert.equal(worker.shown.length, 7);
  assert.deepEqual(heliograph.log, []);
});

test("A payload that cannot even be read as text is shown.", async () => {
  await worker.fire("push", {
    data: {
      text: () => {
        throw new Error("broken");
      },
    },
  });
  assert.equal(worker.shown.length, 1);
});

test("The site chooses the words for a push that says nothing.", async () => {
  worker.heliograph = { fallback: { title: "Shop", body: "News for you" } };
  await worker.push(null);
  assert.equal(worker.shown[0]!.title, "Shop");
  assert.equal(worker.shown[0]!.options.body, "News for you");
});

test("Apple's mutable declarative push is shown again with its way, and receipted by the token in it.", async () => {
  class Declared {
    get title() {
      return "Order 1042";
    }
    get body() {
      return "On its way";
    }
    get navigate() {
      return "https://shop.example/o?heliograph_click=dlv_i.mac";
    }
    close() {}
  }
  Object.defineProperties(Declared.prototype, {
    title: { enumerable: true },
    body: { enumerable: true },
    navigate: { enumerable: true },
  });
  await worker.fire("push", { data: null, notification: new Declared() });
  assert.equal(worker.shown[0]!.options.navigate, "https://shop.example/o?heliograph_click=dlv_i.mac");
  assert.equal(worker.shown[0]!.options.tag, "dlv_i");
  assert.equal(heliograph.receipts[0].delivery, "dlv_i.mac");
});

test("A data push reaches every open page and the site's listener, once, and shows nothing.", async () => {
  const heard: unknown[] = [];
  worker.heliograph = { onData: (data: unknown, push: unknown) => heard.push([data, push]) };
  worker.windows = [new FakeClient("https://shop.example/"), new FakeClient("https://shop.example/o")];
  const push = { heliograph: { d: "dlv_j.mac", n: "ntf_9" }, data: { stock: 3 } };
  await worker.push(push);
  await worker.push(push);
  assert.deepEqual(heard, [[{ stock: 3 }, { notification: "ntf_9", delivery: "dlv_j" }]]);
  for (const { messages } of worker.windows)
    assert.deepEqual(messages, [{ heliograph: "data", data: { stock: 3 }, notification: "ntf_9", delivery: "dlv_j" }]);
  assert.deepEqual(worker.shown, []);
});

test("A listener that throws does not keep the data from the pages.", async () => {
  worker.heliograph = {
    onData: () => {
      throw new Error("the site's mistake");
    },
  };
  worker.windows = [new FakeClient("https://shop.example/")];
  await worker.push({ heliograph: { d: "dlv_k.mac", n: "ntf_9" }, data: null });
  assert.equal(worker.windows[0]!.messages.length, 1);
});

test("Our own worker replaces an older one at once.", async () => {
  await worker.fire("install");
  assert.equal(worker.skipped, 1);
});
