/** The whole page script as a site meets it: an array of commands before, an object after. */

import { heliograph as server, newBrowser, tab, workers } from "../fakes/page";
import assert from "node:assert/strict";
import test from "node:test";

const heard: [string, unknown][] = [];
const warnings: string[] = [];
const page = globalThis as any;

newBrowser();
const addressBar = tab.location;
addressBar.href = "https://shop.example/cart?a=1&heliograph_click=dlv_1.mac";
page.__VERSION__ = "test";
page.console.warn = (text: string) => warnings.push(text);
page.location = addressBar;
page.history = tab.history;
page.document = tab.document;
tab.document.currentScript = { src: "https://push.example/sdk/v1/heliograph.js", dataset: { key: "hpk_1" } };
let tellPage: (event: { data: unknown }) => void = () => undefined;
Object.assign(workers, { addEventListener: (_: string, listener: typeof tellPage) => (tellPage = listener) });
page.window.heliograph = [
  ["on", "clicked", (click: unknown) => heard.push(["clicked", click])],
  ["on", "data", (push: unknown) => heard.push(["data", push])],
  ["status", (error: unknown, status: any) => heard.push(["status", error ?? status.status])],
  ["nonsense"],
];
await import("../../src/page/main");
const sdk = page.window.heliograph;
await server.idle();

test("Commands of before the script was loaded are run, and the array becomes an object.", async () => {
  assert(!Array.isArray(sdk) && sdk.loaded);
  await sdk.status();
  assert(heard.some(([name, what]) => name === "status" && what === "default"));
});

test("A mistaken command is warned of while nobody listens to errors.", () => {
  assert.equal(warnings.filter((text) => text.includes("unknown-command")).length, 1);
});

test("A click in the address becomes an event and a receipt, and leaves the address.", async () => {
  await server.idle();
  assert.equal(addressBar.href, "https://shop.example/cart?a=1");
  assert.deepEqual(
    server.receipts.map(({ delivery, event }) => [delivery, event]),
    [["dlv_1.mac", "clicked"]],
  );
  assert(heard.some(([name, click]: any) => name === "clicked" && click.delivery === "dlv_1"));
});

test("What the worker tells of becomes events; what others post is ignored.", () => {
  tellPage({ data: { heliograph: "data", data: { stock: 3 }, notification: "ntf_1", delivery: "dlv_2" } });
  for (const data of [null, undefined, "text", { type: "theirs" }]) tellPage({ data });
  assert.deepEqual(heard[heard.length - 1], ["data", { data: { stock: 3 }, notification: "ntf_1", delivery: "dlv_2" }]);
});

test("A page that a click has focused goes to the fragment of the click.", () => {
  const click = {
    notification: null,
    delivery: null,
    action: null,
    url: "https://shop.example/cart?a=1#gift",
    data: null,
  };
  tellPage({ data: { heliograph: "clicked", click } });
  assert.equal(page.location.hash, "#gift");
  assert.deepEqual(heard[heard.length - 1], ["clicked", click]);
});

test("Methods return promises and reject with a code; errors are heard by listeners instead of warned of.", async () => {
  const errors: string[] = [];
  sdk.push(["on", "error", (error: any) => errors.push(error.code)]);
  const before = warnings.length;
  await assert.rejects(sdk.identify("ada"), { code: "misconfigured", name: "HeliographError" });
  assert.deepEqual(errors, ["misconfigured"]);
  assert.equal(warnings.length, before);
});

test("A whole subscription through the queue.", async () => {
  const status: any = await new Promise((resolve, reject) =>
    sdk.push([
      "subscribe",
      { groups: ["news"] },
      (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)),
    ]),
  );
  assert.equal(status.status, "subscribed");
  assert.equal(server.rows.size, 1);
});
