import { database, heliograph, newBrowser, notification, visit, workers } from "../fakes/page";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { makeClient, type Client, type Status } from "../../src/page/client";
import { Emitter, type Events } from "../../src/page/events";
import { readTag, type Tag } from "../../src/page/tag";
import type { HeliographError } from "../../src/shared/errors";
import { readState, type State } from "../../src/shared/state";
import { FakeRegistration } from "../fakes/push";

const PAGE = "https://shop.example/cart";
const SCOPE = "https://shop.example/push/";
const ADA = { external_id: "ada", signature: "00" };
const tagOf = (data: DOMStringMap = {}): Tag =>
  readTag("https://push.example/sdk/v1/heliograph.js", { key: "hpk_1", ...data }, PAGE);

interface Page {
  readonly client: Client;
  readonly verbs: Client["verbs"];
  readonly seen: [string, any][];
}

/** A page that was just loaded, in the browser as it is now. */
function open(tag = tagOf()): Page {
  const events = new Emitter();
  const seen: [string, any][] = [];
  for (const name of ["subscribed", "unsubscribed", "changed", "error"] as (keyof Events)[])
    events.on(name, (detail) => void seen.push([name, detail]));
  const client = makeClient(tag, events);
  return { client, verbs: client.verbs, seen };
}

async function load(tag = tagOf()): Promise<Page> {
  const page = open(tag);
  page.client.prefetch();
  await page.client.reconcile();
  return page;
}

async function subscribedPage(): Promise<Page> {
  const page = await load();
  await page.verbs.subscribe();
  heliograph.exchanges = [];
  return page;
}

const manager = (scope = SCOPE) => workers.registrations.get(scope)!.pushManager;
const state = async () => (await readState(SCOPE)) as State;
const onlyRow = () => [...heliograph.rows.values()][0]!;
const emitted = ({ seen }: Page) => seen.map(([name, detail]) => `${name} ${detail.code ?? detail.status}`);

beforeEach(newBrowser);

test("subscribe() asks before anything is awaited, so that the click still counts.", async () => {
  const { verbs } = open();
  const work = verbs.subscribe();
  assert.equal(notification.asked, 1);
  await work;
});

test("subscribe() registers with the project's key, groups, language and time zone, and remembers id and secret.", async () => {
  const page = await load();
  const status = await page.verbs.subscribe({
    groups: ["news", { name: "warehouse", identifier: 42 }],
    language: "de",
  });
  assert.equal(status.status, "subscribed");
  const { body } = heliograph.exchanges.find(({ method }) => method === "POST")!;
  assert.equal(body.endpoint, manager().subscription!.endpoint);
  assert.deepEqual(body.keys, { p256dh: "p256dh", auth: "auth" });
  assert.equal(body.application_server_key, heliograph.serverKey);
  assert.equal(body.language, "de");
  assert.equal(body.time_zone, Intl.DateTimeFormat().resolvedOptions().timeZone);
  assert.deepEqual(body.groups, [
    { name: "news", identifier: null },
    { name: "warehouse", identifier: "42" },
  ]);
  const kept = await state();
  assert.equal(kept.id, onlyRow().id);
  assert.equal(kept.secret, onlyRow().secret);
  assert.deepEqual(emitted(page), ["changed default", "changed subscribed", "subscribed subscribed"]);
});

test("The endpoint, which is a capability, is stored as a fingerprint only.", async () => {
  await subscribedPage();
  assert(!JSON.stringify(database.rows("values")).includes("push.example/1"));
  assert(!JSON.stringify(database.rows("values")).includes(onlyRow().endpoint));
});

for (const [answer, code] of [
  ["denied", "denied"],
  ["default", "dismissed"],
] as const) {
  test(`A person who answers "${answer}" is not subscribed, and the call says "${code}".`, async () => {
    notification.answer = answer;
    const { verbs } = await load();
    await assert.rejects(verbs.subscribe(), { code });
    assert.equal(heliograph.rows.size, 0);
    assert.equal(manager().subscription, null);
    assert.equal((await state())?.wanted, undefined);
  });
}

test("A wrong call is refused before the person is asked.", async () => {
  const { verbs } = open();
  for (const options of [{ groups: [""] }, { groups: [{}] }, { identity: { external_id: "ada" } }] as any[])
    await assert.rejects(verbs.subscribe(options), { code: "misconfigured" });
  assert.equal(notification.asked, 0);
});

test("A browser that refuses the subscription is explained.", async () => {
  const { verbs } = await load();
  for (const [error, code] of [
    [new DOMException("push service error", "AbortError"), "subscribe"],
    [new DOMException("no", "NotAllowedError"), "denied"],
  ] as const) {
    manager().fails = [error];
    await assert.rejects(verbs.subscribe(), { code });
  }
});

test("A subscription with another vendor's key or a sender id is given up first.", async () => {
  for (const key of ["theirs", null]) {
    newBrowser();
    const { verbs } = await load();
    const theirs = manager().leave(key);
    await verbs.subscribe();
    assert.deepEqual(manager().unsubscribed, [theirs]);
    assert.equal(onlyRow().serverKey, heliograph.serverKey);
  }
});

test("An InvalidStateError of a browser that hid the old subscription is answered by looking again.", async () => {
  const { verbs } = await load();
  manager().fails = [new DOMException("another key", "InvalidStateError")];
  assert.equal((await verbs.subscribe()).status, "subscribed");
});

test("When Heliograph is away, subscribe() says so and the next page finishes it.", async () => {
  const page = await load();
  heliograph.trouble = ({ method }) => (method === "POST" ? "offline" : undefined);
  await assert.rejects(page.verbs.subscribe(), { code: "network" });
  assert.equal((await page.verbs.status()).status, "pending");
  heliograph.trouble = undefined;
  const next = await load();
  assert.equal((await next.verbs.status()).status, "subscribed");
});

test("What the server refuses is passed on with its status and code.", async () => {
  const page = await load();
  heliograph.trouble = ({ method }) =>
    method === "POST" ? [422, { code: "endpoint_refused", detail: "Not a push service." }] : undefined;
  await page.verbs.subscribe().then(
    () => assert(false),
    (error: HeliographError) => {
      assert.deepEqual([error.code, error.status, error.problem], ["refused", 422, "endpoint_refused"]);
      assert.match(error.message, /Not a push service/);
    },
  );
});

test("An endpoint that the server knows with other keys is replaced by a new one.", async () => {
  const page = await load();
  let refusals = 0;
  heliograph.trouble = ({ method }) =>
    method === "POST" && refusals++ === 0 ? [409, { code: "subscription_conflict" }] : undefined;
  assert.equal((await page.verbs.subscribe()).status, "subscribed");
  assert.equal(manager().unsubscribed.length, 1);
});

test("A key that was retired after the page was loaded is fetched anew.", async () => {
  const page = await load();
  await heliograph.idle();
  heliograph.serverKey = "bmV3LTE";
  assert.equal((await page.verbs.subscribe()).status, "subscribed");
  assert.equal(onlyRow().serverKey, "bmV3LTE");
});

test("A second page of the same visit asks the server nothing but its configuration.", async () => {
  await subscribedPage();
  await load();
  assert.deepEqual(heliograph.log, ["GET /config?key=hpk_1"]);
});

test("The first page of a visit asks whether the server still knows the subscription.", async () => {
  await subscribedPage();
  visit.clear();
  await load();
  assert.deepEqual(heliograph.log, ["GET /config?key=hpk_1", `GET /subscriptions/${onlyRow().id}`]);
});

test("A rotated key is taken up by the same row.", async () => {
  await subscribedPage();
  const { id } = onlyRow();
  heliograph.serverKey = "bmV3LTE";
  await load();
  assert.deepEqual([...heliograph.rows.keys()], [id]);
  assert.equal(onlyRow().serverKey, "bmV3LTE");
  assert.equal(onlyRow().endpoint, manager().subscription!.endpoint);
});

test("A subscription that the browser lost is made again in the same row.", async () => {
  await subscribedPage();
  const { id } = onlyRow();
  manager().subscription = null;
  await load();
  assert.deepEqual([...heliograph.rows.keys()], [id]);
  assert.equal(onlyRow().endpoint, manager().subscription!.endpoint);
});

test("A row that the server lost is made again, with groups and identity.", async () => {
  const page = await load();
  await page.verbs.subscribe({ groups: ["news"] });
  await page.verbs.identify(ADA);
  heliograph.rows.clear();
  visit.clear();
  const next = open();
  await Promise.all([next.client.reconcile(), next.verbs.identify(ADA)]);
  assert.deepEqual(onlyRow().groups, [{ name: "news", identifier: null }]);
  assert.deepEqual(onlyRow().identity, ADA);
});

test("A row that the push service declared gone is revived with a new endpoint, since the old one is dead.", async () => {
  await subscribedPage();
  const { id, endpoint } = onlyRow();
  onlyRow().state = "gone";
  visit.clear();
  await load();
  assert.deepEqual([...heliograph.rows.keys()], [id]);
  assert.equal(onlyRow().state, "active");
  assert.notEqual(onlyRow().endpoint, endpoint);
});

test("A person whom an operator unsubscribed at the server stays unsubscribed.", async () => {
  await subscribedPage();
  onlyRow().state = "unsubscribed";
  visit.clear();
  await load();
  assert.equal(onlyRow().state, "unsubscribed");
  assert.equal(manager().subscription, null);
  heliograph.exchanges = [];
  await load();
  assert.deepEqual(heliograph.log, ["GET /config?key=hpk_1"]);
});

test("Cleared storage is filled again from the browser's living subscription.", async () => {
  await subscribedPage();
  const { id } = onlyRow();
  database.clear();
  await load();
  assert.deepEqual([...heliograph.rows.keys()], [id]);
  assert.equal((await state()).secret, onlyRow().secret);
});

test("A person who blocked the site and allows it again finds the old row.", async () => {
  await subscribedPage();
  const { id } = onlyRow();
  notification.permission = "denied";
  manager().subscription = null;
  const blocked = await load();
  assert.equal((await blocked.verbs.status()).status, "denied");
  notification.permission = "granted";
  await load();
  assert.deepEqual([...heliograph.rows.keys()], [id]);
});

test("unsubscribe() ends it in browser and server, and no page load brings it back.", async () => {
  const page = await subscribedPage();
  const status = await page.verbs.unsubscribe();
  assert.equal(status.status, "unsubscribed");
  assert.equal(onlyRow().state, "unsubscribed");
  assert.equal(manager().subscription, null);
  assert(emitted(page).includes("unsubscribed unsubscribed"));
  visit.clear();
  await load();
  assert.equal(manager().subscription, null);
  assert.equal((await state()).secret, undefined);
});

test("An unsubscribe that the server has not heard of is told on the next page.", async () => {
  const page = await subscribedPage();
  heliograph.trouble = () => "offline";
  await page.verbs.unsubscribe();
  assert.equal(manager().subscription, null);
  assert(emitted(page).includes("error network"));
  heliograph.trouble = undefined;
  await load();
  assert.equal(onlyRow().state, "unsubscribed");
});

test("A person who left can come back, as a new row.", async () => {
  const page = await subscribedPage();
  await page.verbs.unsubscribe();
  assert.equal((await page.verbs.subscribe()).status, "subscribed");
  assert.equal(heliograph.rows.size, 2);
});

test("identify() needs a proof, sends it once, and again only for another person.", async () => {
  const { verbs } = await subscribedPage();
  for (const wrong of ["ada", { external_id: "ada" }, { token: "" }, null] as any[])
    await assert.rejects(verbs.identify(wrong), { code: "misconfigured" });
  await verbs.identify(ADA);
  await verbs.identify(ADA);
  await verbs.identify({ external_id: "bob", signature: "00" });
  assert.deepEqual(
    heliograph.exchanges.map(({ body }) => body.external_id),
    ["ada", "bob"],
  );
  assert.equal((await verbs.status()).identified, true);
});

test("A new token for the same person is not sent again.", async () => {
  const { verbs } = await subscribedPage();
  const token = (exp: number) => `e30.${btoa(JSON.stringify({ sub: "ada", exp }))}.c2ln`;
  await verbs.identify({ token: token(1) });
  await verbs.identify({ token: token(2) });
  assert.equal(heliograph.exchanges.length, 1);
});

test("identify() before subscribing is remembered for the subscription.", async () => {
  const { verbs } = await load();
  assert.deepEqual(await verbs.identify(ADA), { identified: false });
  await verbs.subscribe();
  assert.deepEqual(onlyRow().identity, ADA);
});

test("logout() unbinds, and one that fails is made up for on the next page before anything else.", async () => {
  const { verbs } = await subscribedPage();
  await verbs.identify(ADA);
  heliograph.trouble = () => "offline";
  await assert.rejects(verbs.logout(), { code: "network" });
  assert.deepEqual(onlyRow().identity, ADA);
  heliograph.trouble = undefined;
  heliograph.exchanges = [];
  await load();
  assert.equal(onlyRow().identity, null);
  const [, first] = heliograph.log;
  assert.equal(first, `DELETE /subscriptions/${onlyRow().id}/identity`);
});

test("After a logout, the next person's identify() is sent although it was sent before.", async () => {
  const { verbs } = await subscribedPage();
  await verbs.identify(ADA);
  await verbs.logout();
  await verbs.identify(ADA);
  assert.deepEqual(onlyRow().identity, ADA);
});

test("A logout that finds its secret dead proves itself anew instead of giving up.", async () => {
  const { verbs } = await subscribedPage();
  await verbs.identify(ADA);
  onlyRow().secret = "another";
  await verbs.logout();
  assert.equal(onlyRow().identity, null);
});

test("Nothing but a click brings back a person who left, whatever is called on the way.", async () => {
  const { verbs } = await subscribedPage();
  heliograph.trouble = () => "offline";
  await verbs.unsubscribe();
  heliograph.trouble = undefined;
  heliograph.rows.clear();
  await Promise.all([verbs.identify(ADA), verbs.join("news"), verbs.leave("old"), verbs.logout()]);
  await load();
  assert.equal(manager().subscription, null);
  assert.equal(heliograph.rows.size, 0);
});

test("A proof that the server refuses costs the binding, not the subscription.", async () => {
  const page = await load();
  heliograph.trouble = ({ body }) => (body?.identity ? [403, { code: "identity_refused" }] : undefined);
  const status = await page.verbs.subscribe({ identity: ADA });
  assert.equal(status.status, "subscribed");
  assert.equal(status.identified, false);
  assert(emitted(page).includes("error refused"));
});

test("Groups are joined and left by name and identifier, and remembered before there is a subscription.", async () => {
  const { verbs } = await load();
  assert.deepEqual(await verbs.join("news"), { joined: false });
  assert.deepEqual(await verbs.join("old"), { joined: false });
  assert.deepEqual(await verbs.leave("old"), { joined: false });
  await verbs.subscribe();
  assert.deepEqual(onlyRow().groups, [{ name: "news", identifier: null }]);
  heliograph.exchanges = [];
  await verbs.join("ware house/1", 42);
  await verbs.leave({ name: "news" });
  const row = `/subscriptions/${onlyRow().id}/groups`;
  assert.deepEqual(heliograph.log, [`PUT ${row}/ware%20house%2F1?identifier=42`, `DELETE ${row}/news`]);
});

test("Groups of a later subscribe() are joined by the row that is there.", async () => {
  const { verbs } = await subscribedPage();
  await verbs.subscribe({ groups: ["news"] });
  assert(heliograph.log.includes(`PUT /subscriptions/${onlyRow().id}/groups/news`));
});

test("A command about a row that the server lost makes the row again first.", async () => {
  const { verbs } = await subscribedPage();
  heliograph.rows.clear();
  assert.deepEqual(await verbs.join("news"), { joined: true });
  assert.match(heliograph.log[heliograph.log.length - 1]!, /^PUT \/subscriptions\/sub_\d+\/groups\/news$/);
});

test("A site that moved its worker takes the row along and leaves no second subscription.", async () => {
  await subscribedPage();
  const { id } = onlyRow();
  await load(tagOf({ worker: "/notify/worker.js" }));
  assert.equal(manager().subscription, null);
  assert.deepEqual([...heliograph.rows.keys()], [id]);
  assert.equal(onlyRow().endpoint, manager("https://shop.example/notify/").subscription!.endpoint);
});

test("A worker of the site at our scope is not replaced.", async () => {
  const theirs = new FakeRegistration("https://shop.example/");
  theirs.active = { scriptURL: "https://shop.example/pwa.js", state: "activated" };
  workers.registrations.set(theirs.scope, theirs);
  const { verbs } = open(tagOf({ worker: "/heliograph-worker.js" }));
  await assert.rejects(verbs.subscribe(), { code: "misconfigured" });
  assert.deepEqual(workers.registered, []);
});

test("With data-registration the site's own worker is used, and none registered.", async () => {
  const theirs = new FakeRegistration("https://shop.example/");
  theirs.active = { scriptURL: "https://shop.example/pwa.js", state: "activated" };
  workers.registrations.set(theirs.scope, theirs);
  const { verbs } = await load(tagOf({ registration: "/" }));
  await verbs.subscribe();
  assert.deepEqual(workers.registered, []);
  assert.equal(onlyRow().endpoint, theirs.pushManager.subscription!.endpoint);
});

test("Another project on the same page does not get at the old project's row.", async () => {
  await subscribedPage();
  const before = await state();
  heliograph.reset();
  heliograph.project = "prj_2";
  heliograph.serverKey = "b3RoZXI";
  await load();
  assert(!heliograph.log.some((line) => line.includes(before.id!)));
  assert.equal(onlyRow().serverKey, "b3RoZXI");
});

test("Without storage a page still subscribes.", async () => {
  database.health = "refusing";
  const { verbs } = await load();
  const status: Status = await verbs.subscribe();
  assert.equal(status.status, "subscribed");
});

test("A visitor whom nobody has asked costs one request.", async () => {
  const { client } = open();
  client.prefetch();
  await client.reconcile();
  await heliograph.idle();
  assert.deepEqual(heliograph.log, ["GET /config?key=hpk_1"]);
});

test("A visitor who blocked the site costs none.", async () => {
  notification.permission = "denied";
  const { client } = open();
  client.prefetch();
  await client.reconcile();
  assert.deepEqual(heliograph.log, []);
  assert.deepEqual(workers.registered, []);
});
