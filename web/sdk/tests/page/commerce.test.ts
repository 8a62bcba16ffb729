/** Carts and orders, as events and as what the page knows. */

import assert from "node:assert/strict";
import test from "node:test";
import { events, open, server } from "../fakes/site";

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
