import assert from "node:assert/strict";
import test from "node:test";
import { timeOnPage } from "../../src/triggers/time-on-page";
import { makeEnv, NOW } from "../fakes/env";

test("Holds from so many seconds to so many after the page was opened, decimals allowed.", () => {
  const env = makeEnv({ page: { openedAt: NOW - 1_500 } });
  assert.equal(timeOnPage.holds({ from: 1.5 }, env), true);
  assert.equal(timeOnPage.holds({ from: 1, to: 1.4 }, env), false);
  assert.deepEqual(env.asked, []);
});

test("Before its time it asks for another look when it has come.", () => {
  const env = makeEnv({ page: { openedAt: NOW - 1_500 } });
  assert.equal(timeOnPage.holds({ from: 4 }, env), false);
  assert.deepEqual(env.asked, [2_500]);
});
