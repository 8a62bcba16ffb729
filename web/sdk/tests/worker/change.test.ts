import "../fakes/own-worker";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { decode, fingerprint } from "../../src/shared/bytes";
import { readState } from "../../src/shared/state";
import "../../src/worker/main";
import { database, heliograph, worker } from "../fakes/own-worker";
import { FakeClient } from "../fakes/worker";

const { scope, pushManager } = worker.registration;
const fire = (newSubscription?: object | null) => worker.fire("pushsubscriptionchange", { newSubscription });

/** A browser that was subscribed, as the page left it. */
function subscribed(more: object = {}): void {
  heliograph.rows.set("sub_1", {
    id: "sub_1",
    secret: "hss_1",
    state: "gone",
    endpoint: "old",
    identity: null,
    groups: ["kept"],
    serverKey: "",
  });
  database.put("values", `state:${scope}`, {
    key: "hpk_test",
    api: "https://push.example",
    project: "prj_1",
    wanted: true,
    id: "sub_1",
    secret: "hss_1",
    serverKey: heliograph.serverKey,
    endpoint: "E1",
    groups: [{ name: "news", identifier: null }],
    ...more,
  });
}

beforeEach(() => {
  worker.forget();
  pushManager.fails = [];
  heliograph.reset();
  database.clear();
});

test("A subscription that the browser dropped is made again with the stored key, and replaces the row.", async () => {
  subscribed();
  await fire(null);
  assert.deepEqual(heliograph.log, ["PUT /subscriptions/sub_1"]);
  const row = heliograph.rows.get("sub_1")!;
  assert.equal(row.endpoint, pushManager.subscription!.endpoint);
  assert.equal(row.state, "active");
  assert.deepEqual(row.groups, ["kept"]);
});

test("A new subscription that the browser brings along is taken as it is.", async () => {
  subscribed();
  const given = await pushManager.subscribe({ applicationServerKey: decode(heliograph.serverKey) });
  await fire(given);
  assert.equal(heliograph.rows.get("sub_1")!.endpoint, given.endpoint);
  assert.deepEqual(pushManager.unsubscribed, []);
});

test("A new subscription with somebody else's key is replaced.", async () => {
  subscribed();
  await fire(pushManager.leave("theirs"));
  assert.equal(pushManager.unsubscribed.length, 1);
  assert.equal(heliograph.rows.get("sub_1")!.serverKey, heliograph.serverKey);
});

test("An endpoint that the browser disowned but still hands out is not used again.", async () => {
  const stale = await pushManager.subscribe({ applicationServerKey: decode(heliograph.serverKey) });
  subscribed({ endpoint: await fingerprint(stale.endpoint) });
  await fire(null);
  assert.notEqual(heliograph.rows.get("sub_1")!.endpoint, stale.endpoint);
  assert.equal(heliograph.rows.get("sub_1")!.endpoint, pushManager.subscription!.endpoint);
});

test("A server that lost the row, or its secret, is told anew.", async () => {
  for (const lose of [() => heliograph.rows.clear(), () => (heliograph.rows.get("sub_1")!.secret = "another")]) {
    worker.forget();
    heliograph.reset();
    subscribed();
    lose();
    await fire(null);
    assert.deepEqual(heliograph.log, ["PUT /subscriptions/sub_1", "POST /subscriptions"]);
    assert.deepEqual(heliograph.exchanges[1]!.body.groups, [{ name: "news", identifier: null }]);
    const state = (await readState(scope))!;
    assert.equal(heliograph.rows.get(state.id!)!.secret, state.secret);
  }
});

test("What could not be told to the server is left for the next page load to find.", async () => {
  subscribed();
  heliograph.trouble = () => "offline";
  await fire(null);
  const state = (await readState(scope))!;
  assert.equal(state.endpoint, undefined);
  assert.equal(state.id, "sub_1");
});

test("A person who left, or whom nobody asked, is not subscribed again.", async () => {
  for (const wanted of [false, undefined]) {
    subscribed({ wanted });
    await fire(null);
    assert.equal(pushManager.subscription, null);
    assert.deepEqual(heliograph.log, []);
  }
});

test("Open pages are told of the change, also when it failed.", async () => {
  subscribed();
  worker.windows = [new FakeClient("https://shop.example/")];
  await fire(null);
  pushManager.subscription = null;
  pushManager.fails = [new DOMException("revoked", "NotAllowedError")];
  await fire(null);
  assert.deepEqual(worker.windows[0]!.messages, [{ heliograph: "changed" }, { heliograph: "changed" }]);
});
