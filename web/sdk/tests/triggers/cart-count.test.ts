import assert from "node:assert/strict";
import test from "node:test";
import { cartCount } from "../../src/triggers/cart-count";
import { makeEnv } from "../fakes/env";

test("Counts pieces.", () => {
  const env = makeEnv({ cart: { count: 3, total: 10 } });
  assert.equal(cartCount.holds({ from: 3, to: 3 }, env), true);
  assert.equal(cartCount.holds({ from: 4 }, env), false);
  assert.equal(cartCount.holds({ to: 0 }, makeEnv()), true);
});
