import "../fakes/guest-worker";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import "../../src/worker/main";
import { database, heliograph, worker } from "../fakes/guest-worker";

const ours = { notification: { title: "Ours", body: "b" }, heliograph: { d: "dlv_1.mac", n: "ntf_1" } };
const told = { key: "hpk_page", api: "https://push.example" };

beforeEach(() => {
  worker.forget();
  heliograph.reset();
  database.clear();
});

test("Inside a site's own worker, a push that is not ours is left to the site.", async () => {
  for (const push of [null, "text", { title: "theirs" }, { notification: { title: "theirs" } }, "[1]"])
    assert.equal(await worker.push(push), false);
  assert.deepEqual(worker.shown, []);
});

test("Inside a site's own worker, a push of ours is shown and receipted with what a page has stored.", async () => {
  database.put("values", `state:${worker.registration.scope}`, told);
  await worker.push(ours);
  assert.equal(worker.shown.length, 1);
  assert.equal(heliograph.exchanges[0]!.path, "/receipts?key=hpk_page");
});

test("Before any page told where Heliograph is, receipts wait.", async () => {
  await worker.push(ours);
  assert.equal(worker.shown.length, 1);
  assert.deepEqual(heliograph.log, []);
  assert.equal(database.rows("receipts").length, 1);
});

test("Whether a new version takes over at once is the site's decision.", async () => {
  await worker.fire("install");
  assert.equal(worker.skipped, 0);
});

test("A change of a subscription that is not ours is left alone.", async () => {
  await worker.fire("pushsubscriptionchange", { newSubscription: null });
  assert.equal(worker.registration.pushManager.subscription, null);
  assert.deepEqual(heliograph.log, []);
});
