/** Who is here, who agrees, and who is gone. */

import assert from "node:assert/strict";
import test from "node:test";
import { ADA, events, names, open, person, server } from "../fakes/site";

test("A bare e-mail address says that somebody is logged in, to triggers and getData(), and leaves the browser never.", async () => {
  const { verbs, identified, is } = open();
  await verbs["addData"]!({ user: { email: "ada@shop.example", name: "Ada" } });
  assert(is({ kind: "authorised", is: true }));
  assert.deepEqual(verbs["getData"]!().user, { email: "ada@shop.example", name: "Ada" });
  assert.deepEqual(identified, []);
  await events();
  assert(!JSON.stringify([server.exchanges, person.browser.localStorage.getItem("heliograph:visit")]).includes("ada@"));
  assert(open().is({ kind: "authorised", is: false }));
});

for (const about of [
  { user: { email: "a@b.example", ...ADA } },
  { user: { email: "a@b.example" }, identity: ADA },
  ADA,
])
  test(`addData() with a proof in ${JSON.stringify(about)} identifies, and the proof goes along.`, async () => {
    const { verbs, identified } = open();
    await verbs["addData"]!(about);
    assert.equal(identified.length, 1);
    await events();
    assert.equal(server.batches[0].identity.external_id, "ada");
  });

test("After a logout the next person is another visitor, with an empty cart, and what waited went under the old name.", async () => {
  const { site, tab, verbs, is } = open();
  const before = site.visitor();
  verbs["addData"]!({ user: { email: "a@b.example" } });
  verbs["addToCart"]!({ item: { id: 1 } });
  site.forget();
  assert.equal(tab.beacons[0]!.body.visitor, before);
  assert.deepEqual(
    tab.beacons[0]!.body.events.map(({ name }: any) => name),
    ["page_view", "cart_add"],
  );
  assert.notEqual(site.visitor(), before);
  assert(is({ kind: "cart_count", to: 0 }));
  assert(is({ kind: "authorised", is: false }));
  assert.deepEqual(verbs["getData"]!().user, {});
});

test("A subscription that may still be the last person's is not said to be the next one's.", async () => {
  person.subscription = { id: "sub_1", secret: "hss_1" };
  const { site, verbs } = open();
  await events();
  site.forget();
  verbs["trackItemView"]!({ item: { id: 1 } });
  await events();
  assert.deepEqual(
    server.batches.map((batch) => batch.subscription),
    ["sub_1", undefined],
  );
});

for (const how of [{ track: false }, { gpc: true }]) {
  test(`With ${JSON.stringify(how)} nothing is stored or sent, until the page says that the person agrees.`, async () => {
    const { verbs, site, tab, is } = open("https://shop.example/", how);
    verbs["addToCart"]!({ item: { id: 1 } });
    verbs["setAttributes"]!({ a: 1 });
    await verbs["addData"]!({ user: { ...ADA } });
    tab.hide();
    assert.deepEqual(await events(), []);
    assert.deepEqual(server.log, []);
    assert.deepEqual(tab.beacons, []);
    assert.deepEqual([...person.browser.localStorage.keys, ...tab.sessionStorage.keys], []);
    assert.equal(site.visitor(), undefined);
    assert.deepEqual(verbs["getData"]!().cart.items, [{ id: "1", count: 1 }]);
    verbs["consent"]!(true);
    assert.deepEqual(await names(), ["page_view"]);
    assert(site.visitor());
    // What this page has seen and been told counts, once.
    assert(is({ kind: "page_views", from: 1, to: 1 }));
    assert(is({ kind: "cart_count", from: 1 }));
  });
}

test("Consent that is withdrawn leaves no trace, and what waited is not sent.", async () => {
  const { verbs, tab } = open();
  verbs["consent"]!(false);
  verbs["trackItemView"]!({ item: { id: 1 } });
  assert.deepEqual(await events(), []);
  assert.deepEqual([...person.browser.localStorage.keys, ...tab.sessionStorage.keys], []);
  verbs["consent"]!(true);
  tab.close();
  const told = tab.beacons.flatMap(({ body }) => body.events.map(({ name }: any) => name));
  assert.deepEqual(told, ["page_view"]);
});

test("On a site that asks first, a later no removes what an earlier yes has left.", async () => {
  const how = { track: false };
  const first = open("https://shop.example/", how);
  first.verbs["consent"]!(true);
  await events();
  first.tab.close();
  const { site, verbs } = open("https://shop.example/", how);
  assert.notEqual(person.browser.localStorage.keys.length, 0);
  verbs["consent"]!(false);
  assert.equal(site.visitor(), undefined);
  assert.deepEqual(person.browser.localStorage.keys, []);
});

test("Only a plain yes is consent.", () => {
  for (const odd of ["true", 1, {}, undefined, null]) {
    const { verbs, site } = open("https://shop.example/", { track: false });
    verbs["consent"]!(odd);
    assert.equal(site.visitor(), undefined);
  }
});
