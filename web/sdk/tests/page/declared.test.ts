import assert from "node:assert/strict";
import test from "node:test";
import { declared, watchDeclared } from "../../src/page/declared";
import { FakeClock } from "../fakes/clock";
import { FakeDocument, FakeElement, FakeObserver } from "../fakes/window";

const attributes = (named: Record<string, string>) => Object.entries(named).map(([name, value]) => ({ name, value }));
const cases: readonly [attributes: Record<string, string>, command: unknown][] = [
  [
    { "data-fl-action": "track-category-view", "data-fl-category-id": "7" },
    ["trackCategoryView", { category: { id: "7" } }],
  ],
  [
    {
      "data-fl-action": "track-item-view",
      "data-fl-item-id": "42",
      "data-fl-item-category-id": "7",
      "data-fl-item-vendor": "Acme",
      "data-fl-item-available": "true",
    },
    ["trackItemView", { item: { id: "42", category_id: "7", vendor: "Acme", available: "true" } }],
  ],
  [{ "data-hg-action": "track-item-view", "data-hg-item-id": "42" }, ["trackItemView", { item: { id: "42" } }]],
  [{ "data-fl-action": "exchange", "data-fl-spot": "thanks" }, ["exchange", { spot: "thanks" }]],
  [{ "data-fl-action": "fire-event", "data-fl-event": "openPopup" }, ["fireEvent", { event: "openPopup" }]],
  [{ "data-fl-action": "precheckout", "data-fl-spot": "cart" }, ["precheckout", { spot: "cart" }]],
  [
    { "data-fl-user-name": "Ada", "data-fl-user-email": "a@b.example" },
    ["", { user: { name: "Ada", email: "a@b.example" } }],
  ],
  [
    { "data-hg-user-external-id": "ada", "data-hg-user-signature": "00" },
    ["", { user: { external_id: "ada", signature: "00" } }],
  ],
  [{ class: "i-heliograph", "data-other": "x", "data-hg-": "y" }, ["", {}]],
];
for (const [given, command] of cases)
  test(`${JSON.stringify(given)} is the command ${JSON.stringify(command)}.`, () => {
    assert.deepEqual(declared(attributes(given)), command);
  });

test("Names that mean something to objects harm nobody.", () => {
  const [action, about] = declared(
    attributes({
      "data-hg-action": "__proto__",
      "data-hg-__proto__": "x",
      "data-hg-item-__proto__": "x",
      "data-hg-constructor": "y",
    }),
  );
  assert.equal(action, "__proto__");
  assert.equal(({} as any).x, undefined);
  assert.equal(JSON.stringify(about).includes("polluted"), false);
});

test("An element, which a visitor may have written, neither subscribes, logs out nor agrees.", () => {
  const page = new FakeDocument();
  const given: string[] = [];
  for (const action of ["subscribe", "unsubscribe", "logout", "consent", "set-attributes", "on", "add-data", "track-it"])
    page.elements.push(new FakeElement("i-heliograph", { "data-hg-action": action }));
  watchDeclared(page as unknown as Document, (name) => given.push(name));
  assert.deepEqual(given, ["trackIt"]);
});

test("Elements are obeyed once, later ones when they come, changed ones again, all of them when the page is another.", () => {
  const clock = new FakeClock().install();
  const page = new FakeDocument();
  const given: unknown[] = [];
  const view = (id: string) =>
    new FakeElement("i-heliograph", { "data-hg-action": "track-item-view", "data-hg-item-id": id });
  page.elements.push(view("1"));
  const again = watchDeclared(page as unknown as Document, (name, about: any) =>
    given.push(`${name} ${name === "addData" ? about.user.email : about.item.id}`),
  );
  assert.deepEqual(given.splice(0), ["trackItemView 1"]);

  page.elements.push(
    new FakeElement("i-flocktory", {
      "data-fl-action": "track-item-view",
      "data-fl-item-id": "2",
      "data-fl-user-email": "a@b.example",
    }),
  );
  for (let i = 0; i < 50; i++) FakeObserver.change();
  clock.pass(1000);
  assert.deepEqual(given.splice(0), ["addData a@b.example", "trackItemView 2"]);

  page.elements[0]!.setAttribute("data-hg-item-id", "3");
  FakeObserver.change();
  clock.pass(1000);
  assert.deepEqual(given.splice(0), ["trackItemView 3"]);

  again();
  assert.equal(given.length, 3);
});
