import assert from "node:assert/strict";
import test from "node:test";
import { authorised } from "../../src/triggers/authorised";
import { makeEnv } from "../fakes/env";

test("Holds for somebody logged in, or with false for somebody who is not.", () => {
  for (const now of [true, false])
    for (const is of [true, false]) assert.equal(authorised.holds({ is }, makeEnv({ authorised: now })), is === now);
});
