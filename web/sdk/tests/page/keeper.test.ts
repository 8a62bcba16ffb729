import assert from "node:assert/strict";
import test from "node:test";
import { makeKeeper } from "../../src/page/keeper";
import { visitor } from "../../src/page/visitor";
import { asWindow, FakeBrowser, FakeWindow } from "../fakes/window";

function open(browser = new FakeBrowser()) {
  const tab = new FakeWindow("https://shop.example/", browser);
  const keeper = makeKeeper(asWindow(tab));
  keeper.allow(true);
  return { tab, keeper, browser };
}

test("A value is kept for the next page, and for other tabs at once.", () => {
  const { browser, keeper } = open();
  const other = open(browser).keeper;
  keeper.set("visit", { a: [1] });
  assert.deepEqual(other.get("visit"), { a: [1] });
  assert.equal(keeper.lasts("visit"), true);
  other.set("visit", undefined);
  assert.equal(keeper.get("visit"), undefined);
});

test("A site whose storage is full gets the tab's, and one that has none, memory.", () => {
  const browser = new FakeBrowser();
  browser.localStorage.health = "full";
  const full = open(browser);
  full.keeper.set("visit", 1);
  assert.deepEqual(full.tab.sessionStorage.keys, ["heliograph:visit"]);
  assert.equal(full.keeper.lasts("visit"), true);

  browser.localStorage.health = "blocked";
  const tab = new FakeWindow("https://shop.example/", browser);
  tab.sessionStorage.health = "blocked";
  const blocked = makeKeeper(asWindow(tab));
  blocked.allow(true);
  blocked.set("visit", 2);
  assert.equal(blocked.get("visit"), 2);
  assert.equal(blocked.lasts("visit"), false);
});

test("Storage that fills up meanwhile costs lasting, and nothing old comes back.", () => {
  const { browser, keeper } = open();
  keeper.set("visit", "old");
  browser.localStorage.health = "full";
  keeper.set("visit", "new");
  assert.equal(keeper.get("visit"), "new");
  browser.localStorage.health = "good";
  keeper.set("visit", "newest");
  assert.equal(open(browser).keeper.get("visit"), "newest");
});

test("Somebody who does not agree leaves no trace, old or new, and other scripts keep theirs.", () => {
  const { browser, keeper, tab } = open();
  keeper.set("visit", 1);
  keeper.set("queue", 2);
  browser.localStorage.setItem("theirs", "3");
  browser.localStorage.setItem("heliograph:https://shop.example/push/", "1");
  keeper.allow(false);
  keeper.set("visit", 4);
  assert.equal(keeper.get("visit"), 4);
  assert.deepEqual(browser.localStorage.keys.sort(), ["heliograph:https://shop.example/push/", "theirs"]);
  assert.deepEqual(tab.sessionStorage.keys, []);
  keeper.allow(true);
  assert.equal(keeper.get("queue"), undefined);
});

test("A visitor keeps their token, which is random and has the form that the server knows.", () => {
  const { browser, keeper } = open();
  const token = visitor(keeper)!;
  assert(/^hvi_[A-Za-z0-9_-]{22}$/.test(token));
  assert.equal(visitor(open(browser).keeper), token);
  assert.notEqual(visitor(open().keeper), token);
});

test("A token that somebody has broken is replaced, and where none can be kept there is no visitor.", () => {
  const { browser, keeper } = open();
  for (const odd of ["5", '"hvi_short"', "{", '["hvi_"]', "null"]) {
    browser.localStorage.setItem("heliograph:visitor", odd);
    assert(/^hvi_.{22}$/.test(visitor(keeper)!));
  }
  const blocked = new FakeBrowser();
  blocked.localStorage.health = "blocked";
  const tab = new FakeWindow("https://shop.example/", blocked);
  tab.sessionStorage.health = "blocked";
  const none = makeKeeper(asWindow(tab));
  none.allow(true);
  assert.equal(visitor(none), undefined);
});
