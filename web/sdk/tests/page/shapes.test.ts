import assert from "node:assert/strict";
import test from "node:test";
import { item, lines, price, words } from "../../src/page/shapes";

const prices: readonly [given: unknown, price: number | undefined][] = [
  [1234.5, 1234.5],
  ["1234.5", 1234.5],
  ["1234,50", 1234.5],
  ["1 234,50", 1234.5],
  ["1.234,50", 1234.5],
  ["1,234.50", 1234.5],
  ["1'234.50 CHF", 1234.5],
  ["€ 19,99", 19.99],
  [0, 0],
  ["0", 0],
  ["", undefined],
  ["free", undefined],
  [-1, undefined],
  ["-1", undefined],
  [NaN, undefined],
  [Infinity, undefined],
  [1e15, undefined],
  [1e-7, 1e-7],
  [null, undefined],
  [{}, undefined],
  [[5], undefined],
  ["1-2", undefined],
  ["9".repeat(1e6), undefined],
];
for (const [given, expected] of prices) {
  const what = typeof given === "number" ? String(given) : JSON.stringify(given).slice(0, 20);
  test(`${what} is ${expected === undefined ? "no price" : "the price " + expected}.`, () => {
    assert.equal(price(given), expected);
  });
}

test("An item has our members, whatever the shop calls them, and no others.", () => {
  const ours = {
    id: "42",
    category_id: "7",
    vendor: "Acme",
    available: true,
    price: 5,
    title: "Shoe",
    image: "i",
    url: "u",
  };
  assert.deepEqual(item(ours), ours);
  assert.deepEqual(
    item({
      id: 42,
      categoryId: 7,
      brand: "Acme",
      available: "true",
      price: "5,00",
      name: "Shoe",
      size: 3,
      image: "i",
      url: "u",
    }),
    ours,
  );
  assert.deepEqual(item({ id: " 42 ", available: "false", price: "?" }), { id: "42", available: false });
});

test("An item without an id is refused with words.", () => {
  for (const odd of [undefined, null, {}, { id: "" }, { id: "  " }, { id: null }, { id: {} }, "42", []])
    assert.throws(() => item(odd), { code: "misconfigured" });
});

test("Lines are found under each of their names, one or many; the count is 1 when nobody says.", () => {
  const one = [{ id: "1", price: 2, count: 1 }];
  for (const given of [
    { item: { id: 1, price: 2 } },
    { item: [{ id: 1, price: 2, count: 1 }] },
    { items: [{ id: 1, price: "2,0", count: "1" }] },
    { products: [{ id: "1", price: 2, quantity: 1 }] },
  ])
    assert.deepEqual(lines(given), one);
});

test("Lines of an enhanced e-commerce array keep what it calls name, brand and category.", () => {
  const products = [
    { id: "P12", name: "T-shirt", price: "15.25", brand: "Acme", category: "Apparel", variant: "Gray", count: 2 },
  ];
  assert.deepEqual(lines({ products }), [
    { id: "P12", price: 15.25, category_id: "Apparel", vendor: "Acme", title: "T-shirt", count: 2 },
  ]);
});

test("No lines, or counts that are none, are refused; too many lines are cut.", () => {
  for (const odd of [
    undefined,
    null,
    {},
    { items: null },
    { item: { id: 1, count: -1 } },
    { item: { id: 1, count: "many" } },
  ])
    assert.throws(() => lines(odd), { code: "misconfigured" });
  assert.equal(lines({ items: Array(1000).fill({ id: 1 }) }).length, 100);
});

test("Words are texts and numbers, trimmed and bounded.", () => {
  assert.equal(words(" a "), "a");
  assert.equal(words(0), "0");
  assert.equal(words("x".repeat(1e7))!.length, 1000);
  for (const nothing of ["", " ", null, undefined, {}, [], true, () => 1]) assert.equal(words(nothing), undefined);
});
