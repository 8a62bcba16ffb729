import assert from "node:assert/strict";
import test from "node:test";
import { cartTotal } from "../../src/triggers/cart-total";
import { makeEnv } from "../fakes/env";

test("Compares what the cart costs.", () => {
  const env = makeEnv({ cart: { count: 3, total: 49.95 } });
  assert.equal(cartTotal.holds({ from: 49.95 }, env), true);
  assert.equal(cartTotal.holds({ from: 49.96 }, env), false);
  assert.equal(cartTotal.holds({ to: 49.9 }, env), false);
});
