import { database, heliograph, worker } from "../fakes/own-worker";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { flush, report, type Receipt } from "../../src/shared/receipts";

const address = { api: "https://push.example", key: "hpk_test" };
const scope = worker.registration.scope;
const receipt = (name: string): Receipt => ({
  delivery: `${name}.mac`,
  event: "displayed",
  at: "2026-01-01T00:00:00.000Z",
});
const sent = () => heliograph.receipts.map(({ delivery }) => delivery);
const waiting = () => database.rows("receipts").length;

beforeEach(() => {
  heliograph.reset();
  database.clear();
  database.health = "good";
});

test("A receipt is stored before it is sent, and deleted when the server took it.", async () => {
  heliograph.trouble = () => {
    assert.equal(waiting(), 1);
    return undefined;
  };
  await report(address, scope, receipt("a"));
  assert.deepEqual(sent(), ["a.mac"]);
  assert.equal(waiting(), 0);
});

for (const [what, answer] of [
  ["offline", "offline"],
  ["out of order", [503]],
  ["throttling", [429]],
  ["refusing a key that was rotated", [401]],
] as const) {
  test(`While Heliograph is ${what}, receipts wait, and go with the next one.`, async () => {
    heliograph.trouble = () => answer;
    await report(address, scope, receipt("a"));
    await report(address, scope, receipt("b"));
    assert.equal(waiting(), 2);
    heliograph.trouble = undefined;
    await report(address, scope, receipt("c"));
    assert.deepEqual(sent(), ["a.mac", "b.mac", "c.mac"]);
    assert.equal(waiting(), 0);
  });
}

test("Receipts that the server calls wrong are given up, so that those behind them are not blocked for ever.", async () => {
  heliograph.trouble = () => [400, { code: "invalid_request" }];
  await report(address, scope, receipt("a"));
  assert.equal(waiting(), 0);
});

test("What waits is sent in requests of at most fifty.", async () => {
  heliograph.trouble = () => "offline";
  for (let i = 0; i < 120; i++) await report(undefined, scope, receipt(`r${i}`));
  heliograph.trouble = undefined;
  heliograph.exchanges = [];
  await flush(address, scope);
  assert.deepEqual(
    heliograph.exchanges.map(({ body }) => body.receipts.length),
    [50, 50, 20],
  );
});

test("At most 500 receipts wait; the oldest go first.", async () => {
  for (let i = 0; i < 510; i++) await report(undefined, scope, receipt(`r${i}`));
  assert.equal(waiting(), 500);
  await flush(address, scope);
  assert.equal(sent()[0], "r10.mac");
});

test("The receipts of another scope, which may be another project's, are left to it.", async () => {
  await report(undefined, "https://shop.example/other/", receipt("a"));
  await report(address, scope, receipt("b"));
  assert.deepEqual(sent(), ["b.mac"]);
  assert.equal(waiting(), 1);
});

test("A receipt that arrives while others are being sent is sent too.", async () => {
  await Promise.all([
    report(address, scope, receipt("a")),
    report(address, scope, receipt("b")),
    flush(address, scope),
  ]);
  assert.deepEqual([...sent()].sort(), ["a.mac", "b.mac"]);
  assert.equal(waiting(), 0);
});

test("Neither broken storage nor a missing network throws.", async () => {
  database.health = "refusing";
  heliograph.trouble = () => "offline";
  await report(address, scope, receipt("a"));
  await flush(address, scope);
  await report(undefined, scope, receipt("b"));
});
