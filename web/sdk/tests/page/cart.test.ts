import assert from "node:assert/strict";
import test from "node:test";
import { changed, difference, sums, whole, type Cart } from "../../src/page/cart";

const shoe = { id: "shoe", price: 50, count: 1 };
const sock = { id: "sock", price: 5, count: 2 };
const cart: Cart = [shoe, sock];

test("Pieces are added to a line and taken from it; a line without pieces is gone.", () => {
  assert.deepEqual(changed([], shoe), [shoe]);
  assert.deepEqual(changed(cart, { id: "shoe", count: 2 }), [sock, { ...shoe, count: 3 }]);
  assert.deepEqual(changed(cart, { id: "shoe", count: -1 }), [sock]);
  assert.deepEqual(changed(cart, { id: "shoe", count: -9 }), [sock]);
  assert.deepEqual(changed(cart, { id: "hat", count: -1 }), cart);
});

test("The newest price is the price, and one that nobody told stays unknown.", () => {
  assert.deepEqual(changed([shoe], { id: "shoe", price: 40, count: 1 }), [{ id: "shoe", price: 40, count: 2 }]);
  assert.deepEqual(changed([], { id: "hat", count: 1 }), [{ id: "hat", count: 1 }]);
});

test("Of a line's other members none is kept, and lines of one item become one.", () => {
  assert.deepEqual(
    whole([
      { ...shoe, title: "Shoe" },
      { id: "shoe", count: 2 },
    ]),
    [{ ...shoe, count: 3 }],
  );
});

test("A cart has a hundred lines at most.", () => {
  const many = Array.from({ length: 150 }, (_, i) => ({ id: String(i), count: 1 }));
  assert.equal(whole(many).length, 100);
});

test("The difference of two carts is what came and went.", () => {
  const after = [
    { ...shoe, count: 3 },
    { id: "hat", price: 9, count: 1 },
  ];
  assert.deepEqual(difference(cart, after), [
    { ...shoe, count: 2 },
    { id: "hat", price: 9, count: 1 },
    { ...sock, count: -2 },
  ]);
  assert.deepEqual(difference(cart, [...cart].reverse()), []);
});

test("A cart that was not known, or other prices, cannot be told in pieces.", () => {
  assert.equal(difference(undefined, cart), undefined);
  assert.equal(difference(cart, [{ ...shoe, price: 49 }, sock]), undefined);
});

test("Sums are exact to the thousandth.", () => {
  const dimes = [
    { id: "a", price: 0.1, count: 1 },
    { id: "b", price: 0.2, count: 1 },
    { id: "c", count: 5 },
  ];
  assert.deepEqual(sums(dimes), { count: 7, total: 0.3 });
  assert.deepEqual(sums([]), { count: 0, total: 0 });
});
