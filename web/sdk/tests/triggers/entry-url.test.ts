import assert from "node:assert/strict";
import test from "node:test";
import { entryUrl } from "../../src/triggers/entry-url";
import { makeEnv } from "../fakes/env";

test("Compares the address at which the session began, and not this page's.", () => {
  const env = makeEnv({ session: { entryUrl: "https://shop.example/landing?a=1" } });
  assert.equal(entryUrl.holds({ mode: "contains", value: "/landing" }, env), true);
  assert.equal(entryUrl.holds({ mode: "regex", value: "/landing\\?a=\\d$" }, env), true);
  assert.equal(entryUrl.holds({ mode: "contains", value: "/shoes" }, env), false);
});
