import assert from "node:assert/strict";
import test from "node:test";
import { productsViewed } from "../../src/triggers/products-viewed";
import { makeEnv } from "../fakes/env";

test("Holds between so many different items.", () => {
  const env = makeEnv({ session: { products: 2 } });
  assert.equal(productsViewed.holds({ from: 2, to: 5 }, env), true);
  assert.equal(productsViewed.holds({ from: 3 }, env), false);
});
