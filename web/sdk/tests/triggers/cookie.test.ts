import assert from "node:assert/strict";
import test from "node:test";
import { cookie } from "../../src/triggers/cookie";
import { holds, makeEnv } from "../fakes/env";

test("Looks for a cookie by its name only.", () => {
  const env = makeEnv();
  env.tab.document.cookie = "a=1; loyal=gold; b=loyal; bare";
  for (const name of ["a", "loyal", "bare"]) assert.equal(cookie.holds({ name }, env), true, name);
  for (const name of ["gold", "loya", "a=1", "", "c"]) assert.equal(cookie.holds({ name }, env), false, name);
});

test("Where cookies may not be read there is none.", () => {
  const env = makeEnv();
  Object.defineProperty(env.tab.document, "cookie", {
    get() {
      throw new DOMException("sandboxed", "SecurityError");
    },
  });
  assert.equal(holds(cookie, { name: "a" }, env), false);
});
