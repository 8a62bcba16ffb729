import assert from "node:assert/strict";
import test from "node:test";
import { visitedUrl } from "../../src/triggers/visited-url";
import { makeEnv } from "../fakes/env";

const env = makeEnv({ session: { earlier: ["https://shop.example/", "https://shop.example/sale/summer"] } });

test("Holds when a page before this one matches.", () => {
  assert.equal(visitedUrl.holds({ mode: "contains", value: "/sale/" }, env), true);
  assert.equal(visitedUrl.holds({ mode: "regex", value: "/sale/\\w+$" }, env), true);
  assert.equal(visitedUrl.holds({ mode: "contains", value: "/hats" }, env), false);
});

test("This page was not visited before.", () => {
  assert.equal(visitedUrl.holds({ mode: "contains", value: "/shoes" }, env), false);
});
