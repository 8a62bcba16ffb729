import assert from "node:assert/strict";
import test from "node:test";
import { json } from "../../src/shared/json";

const text = (value: unknown, length = 50) => json(value, 400, length)[0];
const isCut = (value: unknown) => json(value, 400, 50)[1];

test("What JSON can say is said as JSON.stringify says it.", () => {
  for (const value of [null, true, 0, -1.5, 'a"b\\\n\u2028', [], [1, [2]], {}, { a: { b: [null] } }, "Grüße 🚢"])
    assert.equal(text(value), JSON.stringify(value));
  assert.equal(text(new Date(0)), '"1970-01-01T00:00:00.000Z"');
  assert.equal(text(12n), "12");
});

test("What it cannot say is left out.", () => {
  assert.equal(text({ a: undefined, b: () => 1, c: Symbol("x"), d: NaN, e: new Date(NaN), f: 1 }), '{"f":1}');
  for (const nothing of [undefined, () => 1, Symbol("x"), Infinity, 1e19, -1e300, 10n ** 30n])
    assert.equal(text(nothing), undefined);
  assert.equal(text({ element: new EventTarget(), pattern: /x/, map: new Map([[1, 2]]) }), "{}");
});

test("Classes and objects without a prototype count by their own members.", () => {
  class Product {
    id = "1";
    get price() {
      return 5;
    }
  }
  assert.equal(text(new Product()), '{"id":"1"}');
  assert.equal(text(Object.assign(Object.create(null), { a: 1 })), '{"a":1}');
});

test("A cycle ends at the depth that is allowed.", () => {
  const cyclic: Record<string, unknown> = { id: 1 };
  cyclic["self"] = cyclic;
  assert.equal(isCut(cyclic), true);
  assert.equal(text(cyclic), '{"id":1,"self":{"id":1,"self":{"id":1,"self":{"id":1,"self":{"id":1,"self":{}}}}}}');
});

test("Getters and proxies that throw lose what they hide, and no more.", () => {
  const hostile = {
    a: 1,
    get b() {
      throw new Error("mine");
    },
    c: new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("mine");
        },
      },
    ),
    d: 2,
  };
  assert.equal(text(hostile), '{"a":1,"d":2}');
});

test("Texts, lists, objects and the whole are cut, and it is told.", () => {
  const many = Object.fromEntries(Array.from({ length: 301 }, (_, i) => [i, i]));
  const wide = Array(30).fill(Array(30).fill(1));
  for (const large of ["x".repeat(51), Array(301).fill(0), many, wide, { ["n".repeat(65)]: 1 }])
    assert.equal(isCut(large), true);
  assert.equal(text("x".repeat(1e7))!.length, 52);
  assert.equal(text({ ["n".repeat(1e6)]: 1 }), `{"${"n".repeat(64)}":1}`);
  assert(text(wide)!.match(/1/g)!.length <= 400);
  assert.equal(isCut({ a: "fits" }), false);
});

test("NUL and half characters, which databases refuse, are replaced.", () => {
  assert.equal(text("a\0b\ud800c"), '"a\ufffdb\ufffdc"');
  assert.equal(text("12345\ud83d\udea2", 6), '"12345\ufffd"');
  assert.equal(text({ "\0": 1 }), '{"\ufffd":1}');
});

test("Libraries that give prototypes a toJSON, or members that can be listed, change nothing.", () => {
  const prototypes = [Array.prototype, Object.prototype, String.prototype] as any[];
  for (const prototype of prototypes) prototype.toJSON = () => "broken";
  (Array.prototype as any).last = () => 1;
  try {
    assert.equal(text({ list: [1, "a"] }), '{"list":[1,"a"]}');
  } finally {
    for (const prototype of prototypes) delete prototype.toJSON;
    delete (Array.prototype as any).last;
  }
});
