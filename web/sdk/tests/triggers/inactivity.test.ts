import assert from "node:assert/strict";
import test from "node:test";
import { inactivity } from "../../src/triggers/inactivity";
import { makeEnv, NOW } from "../fakes/env";

test("Holds when neither mouse, keyboard nor screen was touched for so long, counted from the page's opening.", () => {
  const env = makeEnv({ page: { openedAt: NOW - 10_000 } });
  assert.equal(inactivity.holds({ from: 10 }, env), true);
  assert.equal(inactivity.holds({ from: 11 }, env), false);
  assert.deepEqual(env.asked, [1_000]);
});

for (const sign of ["mousemove", "mousedown", "keydown", "touchstart", "wheel", "scroll"])
  test(`A ${sign} is a sign of the person.`, () => {
    const env = makeEnv({ page: { openedAt: NOW - 10_000 } });
    const stop = inactivity.watch!(env, () => undefined);
    env.tab.happen(sign);
    assert.equal(inactivity.holds({ from: 10 }, env), false);
    stop();
  });
