import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { makeKeeper, type Keeper } from "../../src/page/keeper";
import { looked, makeVisits, utmOf, type Visits } from "../../src/page/visit";
import { asWindow, FakeBrowser, FakeWindow } from "../fakes/window";

const MINUTE = 60_000;
let now = 0;
let browser = new FakeBrowser();

interface Tab {
  readonly visits: Visits;
  readonly keeper: Keeper;
  readonly window: FakeWindow;
}

function open(url = "https://shop.example/", referrer = ""): Tab {
  const window = new FakeWindow(url, browser);
  const keeper = makeKeeper(asWindow(window));
  keeper.allow(true);
  const visits = makeVisits(
    keeper,
    () => now,
    () => window.location.href,
    () => 0,
  );
  visits.view(url, referrer);
  return { visits, keeper, window };
}

beforeEach(() => {
  now = 1_800_000_000_000;
  browser = new FakeBrowser();
});

test("Page views of all tabs are counted together, and the pages before this one remembered.", () => {
  open("https://shop.example/?utm_source=mail", "https://search.example/");
  const first = open("https://shop.example/sale");
  const second = open("https://shop.example/shoes", "https://shop.example/sale");
  const { session } = second.visits;
  assert.equal(session.pageViews, 3);
  assert.equal(session.entryUrl, "https://shop.example/?utm_source=mail");
  assert.equal(session.referrer, "https://search.example/");
  assert.deepEqual(session.utm, { utm_source: "mail" });
  assert.deepEqual(session.earlier, ["https://shop.example/?utm_source=mail", "https://shop.example/sale"]);
  assert.deepEqual(first.visits.session.earlier, ["https://shop.example/?utm_source=mail"]);
  assert.equal(first.visits.session.pageViews, 3);
});

test("A page that is viewed again was visited before.", () => {
  open("https://shop.example/a");
  assert.deepEqual(open("https://shop.example/a").visits.session.earlier, ["https://shop.example/a"]);
});

test("After half an hour of rest the next sign of the person begins another visit.", () => {
  const { visits } = open("https://shop.example/a?utm_source=mail", "https://search.example/");
  visits.change((visit) => (visit.cart = [{ id: "1", count: 1 }]));
  now += 30 * MINUTE - 1;
  assert.equal(visits.session.pageViews, 1);
  visits.change();
  now += 30 * MINUTE;
  assert.equal(visits.read().visits === 1, false);
  visits.change();
  const { session } = open("https://shop.example/b").visits;
  assert.equal(session.entryUrl, "https://shop.example/a?utm_source=mail");
  assert.equal(session.pageViews, 2);
  assert.equal(session.referrer, "");
  assert.deepEqual(session.utm, {});
  assert.deepEqual(session.earlier, []);
  assert.equal(visits.read().cart, undefined);
});

test("A page that was opened in an earlier visit has no pages before it.", () => {
  open("https://shop.example/a");
  const { visits } = open("https://shop.example/b");
  now += 31 * MINUTE;
  assert.deepEqual(visits.session.earlier, []);
  assert.equal(visits.session.pageViews, 1);
});

test("The first visit lasts until it is over, and never comes back.", () => {
  assert.equal(open().visits.read().visits === 1, true);
  assert.equal(open().visits.read().visits === 1, true);
  now += 31 * MINUTE;
  assert.equal(open().visits.read().visits === 1, false);
  now += 365 * 24 * 60 * MINUTE;
  assert.equal(open().visits.read().visits === 1, false);
});

test("A clock that was set back ends the visit instead of making it endless.", () => {
  const { visits } = open();
  now -= 30_000;
  assert.equal(visits.session.pageViews, 1);
  now -= 10 * MINUTE;
  const next = open("https://shop.example/b").visits;
  assert.equal(next.session.pageViews, 1);
  assert.equal(next.read().visits === 1, false);
});

test("Different items are counted once each.", () => {
  const { visits } = open();
  for (const id of ["a", "b", "a"]) visits.change(looked(id));
  assert.equal(visits.session.products, 2);
});

test("What is remembered is bounded.", () => {
  const { visits } = open();
  for (let i = 0; i < 400; i++) {
    visits.change(looked(String(i)));
    visits.view(`https://shop.example/${i}?${"x".repeat(5000)}`, "");
  }
  assert.equal(visits.read().products.length, 300);
  assert.equal(visits.read().urls.length, 100);
  assert(browser.localStorage.getItem("heliograph:visit")!.length < 70_000);
});

test("Nothing that stands in the storage breaks a visit.", () => {
  const { visits } = open();
  const sound = JSON.parse(browser.localStorage.getItem("heliograph:visit")!);
  const odd = [null, 5, "text", [], {}, [1], { visits: 1 }, { __proto__: null }];
  for (const raw of ["", "{", "null", "[]", '"x"', "{}", "1e999", ...odd.map((one) => JSON.stringify(one))]) {
    browser.localStorage.setItem("heliograph:visit", raw);
    assert.equal(visits.session.pageViews, 1, raw);
  }
  for (const member of Object.keys({ ...sound, cart: 1 }))
    for (const value of [null, "text", "9", -1, [5], [null], { a: 1 }, [{ id: "1", count: "x" }]]) {
      browser.localStorage.setItem("heliograph:visit", JSON.stringify({ ...sound, [member]: value }));
      const { session } = open().visits;
      assert.equal(typeof session.pageViews, "number", `${member} ${JSON.stringify(value)}`);
      assert(session.pageViews < 10);
      assert.equal(typeof session.entryUrl, "string");
      visits.change(looked("x"));
    }
});

test("Where nothing can be stored a page still counts its own.", () => {
  browser.localStorage.health = "blocked";
  const { visits, window } = open();
  window.sessionStorage.health = "full";
  visits.change(looked("a"));
  visits.view("https://shop.example/b", "");
  assert.equal(visits.session.pageViews, 2);
  assert.equal(visits.session.products, 1);
});

test("The parameters of an advertisement are found, and no others.", () => {
  assert.deepEqual(utmOf("https://x.example/?utm_source=a&utm_medium=b&utm_campaign=c&utm_term=d"), {
    utm_source: "a",
    utm_campaign: "c",
    utm_medium: "b",
  });
  assert.equal(utmOf("https://x.example/?utm_source="), undefined);
  assert.equal(utmOf("https://x.example/#utm_source=a"), undefined);
});
