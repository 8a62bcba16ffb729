import assert from "node:assert/strict";
import test from "node:test";
import { referrer } from "../../src/triggers/referrer";
import { makeEnv } from "../fakes/env";

test("Looks for a part of the address that the person came from.", () => {
  const env = makeEnv({ session: { referrer: "https://search.example/?q=shoes" } });
  assert.equal(referrer.holds({ contains: "search.example" }, env), true);
  assert.equal(referrer.holds({ contains: "mail.example" }, env), false);
  assert.equal(referrer.holds({ contains: "" }, env), false);
  assert.equal(referrer.holds({ contains: "search" }, makeEnv({ session: { referrer: "" } })), false);
});
