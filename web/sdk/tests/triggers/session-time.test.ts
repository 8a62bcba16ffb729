import assert from "node:assert/strict";
import test from "node:test";
import { sessionTime } from "../../src/triggers/session-time";
import { makeEnv } from "../fakes/env";

test("Holds by the time that the session's pages had the focus, in seconds.", () => {
  const env = makeEnv({ session: { focused: 40_000 } });
  assert.equal(sessionTime.holds({ from: 40 }, env), true);
  assert.equal(sessionTime.holds({ from: 10, to: 39.5 }, env), false);
});

test("Before its time it asks for another look, but not while time stands still.", () => {
  const env = makeEnv({ session: { focused: 40_000 } });
  assert.equal(sessionTime.holds({ from: 40.5 }, env), false);
  assert.deepEqual(env.asked, [500]);
  env.tab.document.focused = false;
  sessionTime.holds({ from: 40.5 }, env);
  assert.deepEqual(env.asked, [500]);
});
