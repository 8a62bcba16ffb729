import assert from "node:assert/strict";
import test from "node:test";
import { event } from "../../src/triggers/event";
import { makeEnv } from "../fakes/env";

test("Holds at the moment when an event of this name is fired, and at no other.", () => {
  assert.equal(event.holds({ name: "openPopup" }, makeEnv({ moment: "openPopup" })), true);
  assert.equal(event.holds({ name: "openPopup" }, makeEnv({ moment: "other" })), false);
  assert.equal(event.holds({ name: "openPopup" }, makeEnv()), false);
});

test("No name is no event.", () => {
  assert.equal(event.holds({}, makeEnv()), false);
  assert.equal(event.holds({ name: "" }, makeEnv({ moment: "" })), false);
});
