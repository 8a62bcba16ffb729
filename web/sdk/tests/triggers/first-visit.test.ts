import assert from "node:assert/strict";
import test from "node:test";
import { firstVisit } from "../../src/triggers/first-visit";
import { makeEnv } from "../fakes/env";

test("Holds on the first visit, or with false on every other.", () => {
  for (const first of [true, false])
    for (const is of [true, false])
      assert.equal(firstVisit.holds({ is }, makeEnv({ firstVisit: first })), is === first);
});
