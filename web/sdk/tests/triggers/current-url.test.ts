import assert from "node:assert/strict";
import test from "node:test";
import { currentUrl } from "../../src/triggers/current-url";
import { holds, makeEnv } from "../fakes/env";

const env = makeEnv({ page: { url: "https://shop.example/shoes?size=42" } });

test("Holds on pages whose address contains the text, or matches the expression.", () => {
  assert.equal(currentUrl.holds({ mode: "contains", value: "/shoes" }, env), true);
  assert.equal(currentUrl.holds({ mode: "contains", value: "/hats" }, env), false);
  assert.equal(currentUrl.holds({ mode: "regex", value: "size=4\\d" }, env), true);
  assert.equal(currentUrl.holds({ mode: "regex", value: "^/shoes" }, env), false);
});

test("With exclude it holds everywhere else.", () => {
  assert.equal(currentUrl.holds({ mode: "contains", value: "/shoes", exclude: true }, env), false);
  assert.equal(currentUrl.holds({ mode: "contains", value: "/hats", exclude: true }, env), true);
  assert.equal(currentUrl.holds({ mode: "contains", value: "/shoes", exclude: false }, env), true);
});

test("What is not understood holds nowhere, excluded or not.", () => {
  for (const exclude of [true, false])
    for (const odd of [
      {},
      { mode: "glob", value: "*" },
      { mode: "regex", value: "(" },
      { mode: "contains", value: "" },
    ])
      assert.equal(holds(currentUrl, { ...odd, exclude }, env), false);
});

test("An address of any length is matched by its beginning, so that no expression takes long.", () => {
  const long = makeEnv({ page: { url: "https://shop.example/" + "a".repeat(1e6) + "end" } });
  assert.equal(currentUrl.holds({ mode: "regex", value: "end$" }, long), false);
  assert.equal(currentUrl.holds({ mode: "regex", value: "^https://shop" }, long), true);
});
