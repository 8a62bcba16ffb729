/** Pages that hand over what nobody expects. */

import assert from "node:assert/strict";
import test from "node:test";
import { events, open, server } from "../fakes/site";

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
