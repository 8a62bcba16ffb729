/** What a site's commands come to: events at the server, facts for triggers, traces in the browser. */

import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import type { HeliographError } from "../../src/shared/errors";
import type { Identity } from "../../src/shared/api";
import { holds } from "../../src/triggers";
import { makeSite, type Site } from "../../src/page/site";
import { FakeClock, settled } from "../fakes/clock";
import { installNetwork } from "../fakes/network";
import { asWindow, FakeBrowser, FakeElement, FakeObserver, FakeWindow } from "../fakes/window";

const MINUTE = 60_000;
const clock = new FakeClock().install();
const server = installNetwork();
const ADA: Identity = { external_id: "ada", signature: "00" };
let browser = new FakeBrowser();
let subscription: { id: string; secret: string } | undefined;
let tabs: FakeWindow[] = [];

beforeEach(() => {
  for (const tab of tabs.splice(0)) tab.close();
  clock.pass(60 * MINUTE);
  server.reset();
  browser = new FakeBrowser();
  subscription = undefined;
});

interface Opened {
  readonly tab: FakeWindow;
  readonly site: Site;
  readonly verbs: Record<string, (...about: any[]) => any>;
  readonly failures: HeliographError[];
  readonly identified: Identity[];
  readonly is: (spec: object) => boolean;
}

interface How {
  readonly referrer?: string;
  readonly track?: boolean;
  readonly gpc?: boolean;
  readonly begin?: boolean;
}

function open(
  url = "https://shop.example/",
  { referrer = "", track = true, gpc = false, begin = true }: How = {},
): Opened {
  const tab = new FakeWindow(url, browser, referrer);
  tabs.push(tab);
  if (gpc) tab.navigator.globalPrivacyControl = true;
  const failures: HeliographError[] = [];
  const identified: Identity[] = [];
  const site = makeSite({
    window: asWindow(tab),
    address: { key: "hpk_1", api: "https://push.example" },
    track,
    identity: () => identified[identified.length - 1],
    async identify(proof) {
      identified.push(proof);
      site.known();
    },
    subscription: async () => subscription,
    failed: (error) => void failures.push(error),
  });
  const verbs = site.verbs as Opened["verbs"];
  if (begin) site.begin((name, about) => void verbs[name]!(about));
  return { tab, site, verbs, failures, identified, is: (spec) => holds(spec, site.env, () => undefined) };
}

/** Lets what waits be sent, and returns the events that the server has by then. */
async function events(): Promise<[string, any][]> {
  clock.pass(2_000);
  await settled();
  return server.events;
}

const names = async () => (await events()).map(([name]) => name);

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

test("What is put into the cart and taken out is told in pieces, and the cart is known on all pages.", async () => {
  const { verbs } = open();
  verbs["addToCart"]!({ item: { id: 1, price: "10,50", count: 2, brand: "Acme" } });
  verbs["addToCart"]!({
    item: [
      { id: 2, price: 3 },
      { id: 1, price: 10.5 },
    ],
  });
  verbs["removeFromCart"]!({ item: { id: 1, count: 1 } });
  assert.deepEqual((await events()).slice(1), [
    ["cart_add", { item: { id: "1", price: 10.5, vendor: "Acme", count: 2 } }],
    ["cart_add", { item: { id: "2", price: 3, count: 1 } }],
    ["cart_add", { item: { id: "1", price: 10.5, count: 1 } }],
    ["cart_remove", { item: { id: "1", count: 1 } }],
  ]);
  const { is, verbs: there } = open();
  assert(is({ kind: "cart_count", from: 3, to: 3 }));
  assert(is({ kind: "cart_total", from: 24, to: 24 }));
  assert.deepEqual(there["getData"]!().cart.items, [
    { id: "2", count: 1, price: 3 },
    { id: "1", count: 2, price: 10.5 },
  ]);
});

test("updateCart() tells the whole state at first, and then only what came and went.", async () => {
  const { verbs, is } = open();
  const items = [
    { id: 1, price: 10, count: 1, title: "Shoe" },
    { id: 2, price: 5, count: 2 },
  ];
  verbs["updateCart"]!({ cart: { items } });
  verbs["updateCart"]!({ cart: { items } });
  verbs["updateCart"]!({ cart: { items: [{ ...items[0]!, count: 3 }] } });
  verbs["updateCart"]!({ cart: { items: [{ ...items[0]!, price: 9, count: 3 }] } });
  verbs["updateCart"]!({ cart: { items: [] } });
  assert.deepEqual((await events()).slice(1), [
    [
      "cart_update",
      {
        items: [
          { id: "1", price: 10, title: "Shoe", count: 1 },
          { id: "2", price: 5, count: 2 },
        ],
      },
    ],
    ["cart_add", { item: { id: "1", price: 10, title: "Shoe", count: 2 } }],
    ["cart_remove", { item: { id: "2", price: 5, count: 2 } }],
    ["cart_update", { items: [{ id: "1", price: 9, title: "Shoe", count: 3 }] }],
    ["cart_remove", { item: { id: "1", price: 9, count: 3 } }],
  ]);
  assert(is({ kind: "cart_count", to: 0 }));
});

test("A long cart is told whole, without titles and pictures, rather than in part.", async () => {
  const items = Array.from({ length: 100 }, (_, id) => ({
    id,
    price: 1,
    count: 1,
    title: "Кроссовки ".repeat(9),
    image: "https://x.example/",
  }));
  const { verbs, failures } = open();
  verbs["updateCart"]!({ cart: { items } });
  verbs["order"]!({ order: { id: 1, items } });
  const [, [, cart], [, { order }]] = (await events()) as any;
  assert.deepEqual([cart.items.length, order.items.length], [100, 100]);
  assert.deepEqual(cart.items[99], { id: "99", price: 1, count: 1 });
  assert.deepEqual(failures, []);
});

test("An order is told and empties the cart; Flocktory's postcheckout is the same.", async () => {
  for (const verb of ["order", "postcheckout"]) {
    const { verbs, is } = open();
    verbs["addToCart"]!({ item: { id: 1, price: 10 } });
    verbs[verb]!({
      user: { name: "Ada", email: "ada@shop.example", sex: "f" },
      order: {
        id: 1042,
        price: "1 010,50",
        custom_field: "gift",
        items: [{ id: 1, title: "Shoe", price: "10", image: "i", count: 1 }],
      },
      spot: "thanks",
    });
    const all = await events();
    assert.deepEqual(all[all.length - 1], [
      "order",
      {
        order: {
          id: "1042",
          price: 1010.5,
          custom_field: "gift",
          items: [{ id: "1", price: 10, title: "Shoe", image: "i", count: 1 }],
        },
      },
    ]);
    assert(is({ kind: "cart_count", to: 0 }));
    assert(is({ kind: "authorised", is: true }));
    assert(is({ kind: "spot", value: "thanks" }));
    assert(!JSON.stringify(server.batches).includes("ada@"));
  }
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

test("A bare e-mail address says that somebody is logged in, to triggers and getData(), and leaves the browser never.", async () => {
  const { verbs, identified, is } = open();
  await verbs["addData"]!({ user: { email: "ada@shop.example", name: "Ada" } });
  assert(is({ kind: "authorised", is: true }));
  assert.deepEqual(verbs["getData"]!().user, { email: "ada@shop.example", name: "Ada" });
  assert.deepEqual(identified, []);
  await events();
  assert(!JSON.stringify([server.exchanges, browser.localStorage.getItem("heliograph:visit")]).includes("ada@"));
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
  subscription = { id: "sub_1", secret: "hss_1" };
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

test("Elements are commands, also those that come later.", async () => {
  const { tab } = open();
  tab.document.elements.push(
    new FakeElement("i-flocktory", { "data-fl-action": "track-item-view", "data-fl-item-id": "42" }),
  );
  FakeObserver.change();
  clock.pass(500);
  assert.deepEqual((await events()).slice(1), [["item_view", { item: { id: "42" } }]]);
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
    assert.deepEqual([...browser.localStorage.keys, ...tab.sessionStorage.keys], []);
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
  assert.deepEqual([...browser.localStorage.keys, ...tab.sessionStorage.keys], []);
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
  assert.notEqual(browser.localStorage.keys.length, 0);
  verbs["consent"]!(false);
  assert.equal(site.visitor(), undefined);
  assert.deepEqual(browser.localStorage.keys, []);
});

test("Only a plain yes is consent.", () => {
  for (const odd of ["true", 1, {}, undefined, null]) {
    const { verbs, site } = open("https://shop.example/", { track: false });
    verbs["consent"]!(odd);
    assert.equal(site.visitor(), undefined);
  }
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

test("A listener that throws stops neither the others nor the page.", () => {
  const { site, verbs, failures } = open();
  let heard = 0;
  site.env.listen(() => {
    throw new Error("theirs");
  });
  site.env.listen(() => void heard++);
  verbs["addToCart"]!({ item: { id: 1 } });
  assert.equal(heard, 1);
  assert.equal(failures[0]!.code, "internal");
});

const cyclic: any = { id: 1, count: 1 };
cyclic.item = cyclic.items = cyclic.cart = cyclic.order = cyclic.user = cyclic.category = cyclic.data = cyclic;
const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error("mine");
    },
    has() {
      throw new Error("mine");
    },
    ownKeys() {
      throw new Error("mine");
    },
  },
);
const symbolic = { item: { id: Symbol("x"), price: Symbol("y") }, event: Symbol("z"), toString: null };
const ODD = [
  undefined,
  null,
  0,
  NaN,
  "",
  "x".repeat(1e7),
  [],
  {},
  cyclic,
  hostile,
  symbolic,
  Symbol("x"),
  () => 1,
  new Date(NaN),
  10n,
  [[[]]],
  { item: [null] },
  { user: 5 },
  { order: { id: 1, items: 5 } },
  { spot: {} },
  { identity: { token: {} } },
];

test("Whatever a page hands over, nothing but a HeliographError or its own error comes back, and the next command works.", async () => {
  const { verbs, tab, site } = open();
  let expected = 1;
  for (const name of Object.keys(verbs))
    for (const odd of ODD) {
      if (name === "consent") continue;
      try {
        await verbs[name]!(odd);
      } catch (error) {
        assert(
          (error as Error).name === "HeliographError" ||
            (error as Error).message === "mine" ||
            error instanceof TypeError,
          `${name}: ${String(error)}`,
        );
      }
    }
  verbs["trackItemView"]!({ item: { id: "last" } });
  const all = await events();
  assert.deepEqual(all[all.length - 1], ["item_view", { item: { id: "last" } }]);
  assert(all.length > expected);
  for (const { body } of server.exchanges) JSON.parse(JSON.stringify(body));
  tab.close();
  assert(site.visitor());
});
