import "../fakes/own-worker";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { fittingTab } from "../../src/worker/click";
import "../../src/worker/main";
import { database, heliograph, worker } from "../fakes/own-worker";
import { FakeClient } from "../fakes/worker";

const TOKEN = "dlv_1.mac";
const URL_ = "https://shop.example/o/7";

beforeEach(() => {
  worker.forget();
  heliograph.reset();
  database.clear();
});

function notification(navigate = URL_, delivery: string | null = TOKEN) {
  let closed = 0;
  return {
    close: () => void closed++,
    get closed() {
      return closed;
    },
    data: {
      heliograph: { delivery, notification: "ntf_1", navigate, actions: { later: "https://shop.example/later" } },
      data: { a: 1 },
    },
  };
}
const click = (shown: object, action = "") => worker.fire("notificationclick", { notification: shown, action });

const tabs: readonly [what: string, urls: string[], found: number][] = [
  ["no tab", [], -1],
  ["another page", ["https://shop.example/"], -1],
  ["the page", ["https://shop.example/", URL_], 1],
  ["the page twice, most recent first", [URL_, URL_], 0],
  ["the page at another fragment", [URL_ + "#comments"], 0],
  ["the page at another fragment, and the page", [URL_ + "#comments", URL_], 1],
  ["the page with a click parameter in its address", [URL_ + "?heliograph_click=dlv_0.x"], 0],
  ["the page with another query", [URL_ + "?page=2"], -1],
  ["another origin", ["https://evil.example/o/7"], -1],
  ["an empty tab", ["about:blank"], -1],
];
for (const [what, urls, found] of tabs) {
  test(`With ${what} open, ${found < 0 ? "a new window is needed" : `tab ${found} fits`}.`, () => {
    const list = urls.map((url) => ({ url }));
    assert.equal(list.indexOf(fittingTab(list, URL_)!), found);
  });
}

test("A click closes the notification, opens its page and is receipted.", async () => {
  const shown = notification();
  await click(shown);
  assert.equal(shown.closed, 1);
  assert.deepEqual(worker.opened, [URL_]);
  assert.deepEqual(
    heliograph.receipts.map(({ delivery, event, action }) => [delivery, event, action]),
    [[TOKEN, "clicked", undefined]],
  );
});

test("A click on a page that is open focuses it, tells it, and opens nothing.", async () => {
  const tab = new FakeClient(URL_);
  worker.windows = [new FakeClient("https://shop.example/"), tab];
  await click(notification());
  assert(tab.focused);
  assert.deepEqual(worker.opened, []);
  assert.deepEqual(tab.messages, [
    {
      heliograph: "clicked",
      click: { notification: "ntf_1", delivery: "dlv_1", action: null, url: URL_, data: { a: 1 } },
    },
  ]);
});

test("A browser that refuses to focus a tab still gets a new window.", async () => {
  const tab = new FakeClient(URL_);
  tab.focusFails = true;
  worker.windows = [tab];
  await click(notification());
  assert.deepEqual(worker.opened, [URL_]);
});

test("A tab that shows the page at another fragment is focused and told where to go.", async () => {
  const tab = new FakeClient(URL_);
  worker.windows = [tab];
  await click(notification(URL_ + "#comments"));
  assert(tab.focused);
  assert.equal(tab.messages[0].click.url, URL_ + "#comments");
  assert.deepEqual(worker.opened, []);
});

test("An action leads to its own address and is named in the receipt.", async () => {
  await click(notification(), "later");
  assert.deepEqual(worker.opened, ["https://shop.example/later"]);
  assert.equal(heliograph.receipts[0].action, "later");
});

test("An action without an address of its own leads where the notification does.", async () => {
  await click(notification(), "other");
  assert.deepEqual(worker.opened, [URL_]);
});

test("An action may have a name that every object has.", async () => {
  for (const name of ["constructor", "toString", "__proto__"]) await click(notification(), name);
  assert.deepEqual(worker.opened, [URL_, URL_, URL_]);
});

test("A click is left for the window that it opens.", async () => {
  await click(notification());
  const left = new Map(database.rows("values")).get("click") as any;
  assert.equal(left.click.url, URL_);
});

test("The receipt of a click is sent although no window could be opened.", async () => {
  worker.clients.openWindow = async () => {
    throw new DOMException("no", "InvalidAccessError");
  };
  await click(notification());
  assert.equal(heliograph.receipts.length, 1);
});

test("A page opens although Heliograph is away and storage is broken.", async () => {
  worker.clients.openWindow = async (url: string) => void worker.opened.push(url);
  heliograph.trouble = () => "offline";
  database.health = "refusing";
  await click(notification());
  database.health = "good";
  assert.deepEqual(worker.opened, [URL_]);
});

test("A notification that is waved away is receipted as dismissed, but not when it was clicked.", async () => {
  await worker.fire("notificationclose", { notification: notification(URL_, "dlv_2.mac") });
  await click(notification(URL_, "dlv_3.mac"));
  await worker.fire("notificationclose", { notification: notification(URL_, "dlv_3.mac") });
  assert.deepEqual(
    heliograph.receipts.map(({ delivery, event }) => [delivery, event]),
    [
      ["dlv_2.mac", "dismissed"],
      ["dlv_3.mac", "clicked"],
    ],
  );
});

test("Notifications that some other code has shown are not touched.", async () => {
  for (const data of [null, undefined, "text", { url: "/x" }]) {
    const shown = { close: () => assert(false, "closed"), data };
    assert.equal(await click(shown), false);
    assert.equal(await worker.fire("notificationclose", { notification: shown }), false);
  }
});
