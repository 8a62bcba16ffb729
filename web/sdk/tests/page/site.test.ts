/** What a page tells by itself and by command, and what triggers know of it then. */

import assert from "node:assert/strict";
import test from "node:test";
import { clock, events, MINUTE, names, open, server } from "../fakes/site";
import { FakeElement, FakeObserver } from "../fakes/window";

test("A page view is told of by itself, with title, referrer and advertisement.", async () => {
  open("https://shop.example/a?utm_source=mail&utm_medium=cpc", { referrer: "https://search.example/" });
  assert.deepEqual(await events(), [
    [
      "page_view",
      {
        url: "https://shop.example/a?utm_source=mail&utm_medium=cpc",
        title: "A page",
        referrer: "https://search.example/",
        utm_source: "mail",
        utm_medium: "cpc",
      },
    ],
  ]);
});

test("A single-page application's pages are page views; tidying the address up is none.", async () => {
  const { tab, is } = open();
  tab.history.pushState({}, "", "/a");
  tab.history.replaceState({}, "", "/a?sorted=1");
  tab.history.pushState({}, "", "/b");
  tab.happen("popstate");
  tab.location.href = "https://shop.example/a";
  tab.happen("popstate");
  tab.location.href = "https://shop.example/a#section";
  tab.happen("hashchange");
  tab.location.href = "https://shop.example/a#/route";
  tab.happen("hashchange");
  assert.deepEqual(
    (await events()).map(([, { url }]) => url.slice(20)),
    ["/", "/a", "/b", "/a", "/a#/route"],
  );
  assert(is({ kind: "page_views", from: 5, to: 5 }));
  assert(is({ kind: "visited_url", mode: "contains", value: "/b" }));
});

test("reInit() is a page view of its own, unless the change of address was seen just now.", async () => {
  const { tab, verbs } = open();
  tab.history.pushState({}, "", "/a");
  verbs["reInit"]!();
  clock.pass(1_500);
  verbs["reInit"]!();
  assert.equal((await names()).length, 3);
});

test("A page that comes back from the browser's cache is viewed again.", async () => {
  const { tab } = open();
  tab.happen("pageshow", { persisted: false });
  tab.happen("pageshow", { persisted: true });
  assert.equal((await names()).length, 2);
});

test("trackPageView() tells what the page script cannot see.", async () => {
  open().verbs["trackPageView"]!({ url: "/popup", title: "Sizes" });
  assert.deepEqual((await events())[1], ["page_view", { url: "https://shop.example/popup", title: "Sizes" }]);
});

test("Views of categories and items are told, and different items counted.", async () => {
  const { verbs, is } = open();
  verbs["trackCategoryView"]!({ category: { id: 7 } });
  verbs["trackItemView"]!({ item: { id: "42", categoryId: 7, price: "19,99" } });
  verbs["trackItemView"]!({ item: { id: "42" } });
  verbs["trackItemView"]!({ item: { id: "43" } });
  assert.deepEqual((await events()).slice(1, 3), [
    ["category_view", { category: { id: "7" } }],
    ["item_view", { item: { id: "42", price: 19.99, category_id: "7" } }],
  ]);
  assert(is({ kind: "products_viewed", from: 2, to: 2 }));
});

test("A custom event is told under a name that the server takes, and holds at that moment under its own.", async () => {
  const { verbs, site, is } = open();
  const heard: boolean[] = [];
  site.env.listen(() => heard.push(is({ kind: "event", name: "openPopup" })));
  verbs["fireEvent"]!({ event: "openPopup" });
  verbs["fireEvent"]!("2nd Offer!", { level: 3 });
  assert.equal(heard[0], true);
  assert.equal(heard[1], false);
  assert.equal(is({ kind: "event", name: "openPopup" }), false);
  assert.deepEqual((await events()).slice(1), [
    ["openpopup", {}],
    ["nd_offer_", { level: 3 }],
  ]);
  for (const odd of ["", "123", undefined, {}, { event: "" }, "Покупка"])
    assert.throws(() => verbs["fireEvent"]!(odd), { code: "misconfigured" });
});

test("A page that waits for what precheckout finds is told that there is nothing to wait for.", () => {
  const { verbs, is } = open();
  let went = "";
  verbs["precheckout"]!({ spot: "checkout", yes: () => (went += "yes"), no: () => (went += "no") });
  assert.equal(went, "no");
  assert(is({ kind: "spot", value: "checkout" }));
});

test("Attributes go to the server by our command and by Flocktory's.", async () => {
  const { verbs } = open();
  verbs["setAttributes"]!({ level: "gold" });
  verbs["attachToProfile"]!({ data: { rfm: 5 } });
  await events();
  assert.deepEqual(server.batches[0].attributes, { level: "gold", rfm: 5 });
});

test("Elements are commands, also those that come later.", async () => {
  const { tab } = open();
  tab.document.elements.push(
    new FakeElement("i-flocktory", { "data-fl-action": "track-item-view", "data-fl-item-id": "42" }),
  );
  FakeObserver.change();
  clock.pass(500);
  assert.deepEqual((await events()).slice(1), [["item_view", { item: { id: "42" } }]]);
});

test("Session time runs while a page has the focus, and stops without; a sleeping machine adds no night.", () => {
  const { tab, site } = open();
  clock.jump(10_000);
  assert.equal(site.env.session.focused, 10_000);
  tab.focus(false);
  clock.jump(10_000);
  assert.equal(site.env.session.focused, 10_000);
  tab.focus(true);
  clock.jump(5_000);
  tab.hide();
  assert.equal(site.env.session.focused, 15_000);
  tab.focus(true);
  clock.jump(20 * MINUTE);
  tab.happen("pointerdown");
  clock.jump(10 * 60 * MINUTE);
  assert(site.env.session.focused < 31 * MINUTE);
});

test("Hidden in the browser's cache of pages, a page has no focus.", () => {
  const { tab, site } = open();
  clock.jump(1_000);
  tab.happen("pagehide");
  clock.jump(20 * MINUTE);
  tab.happen("pageshow", { persisted: true });
  assert.equal(site.env.session.focused, 1_000);
});

test("What another tab puts into the cart is looked at in this one.", () => {
  const { tab, site, is } = open();
  let full = false;
  site.env.listen(() => (full = is({ kind: "cart_count", from: 1 })));
  open().verbs["addToCart"]!({ item: { id: 1 } });
  tab.happen("storage", { key: "heliograph:visit" });
  assert.equal(full, true);
});

test("A person who reads for an hour, touching the page now and then, is on one visit.", () => {
  const { tab, site } = open("https://shop.example/?utm_source=mail");
  for (let i = 0; i < 6; i++) {
    clock.jump(10 * MINUTE);
    tab.happen("scroll");
  }
  assert.deepEqual(site.env.session.utm, { utm_source: "mail" });
  assert.equal(site.env.session.focused, 60 * MINUTE);
});

test("What comes true by waiting is looked at when it is time, once for all that wait.", () => {
  const { site, is } = open();
  const heard: boolean[] = [];
  site.env.listen(() => heard.push(is({ kind: "time_on_page", from: 5 })));
  for (let i = 0; i < 100; i++) is({ kind: "time_on_page", from: 5 });
  is({ kind: "time_on_page", from: 90 });
  clock.pass(4_900);
  assert.deepEqual(heard, []);
  clock.pass(200);
  assert.deepEqual(heard, [true]);
});
