import assert from "node:assert/strict";
import test from "node:test";
import { focus } from "../../src/triggers/focus";
import { makeEnv } from "../fakes/env";

test("Holds while the page has the focus, or with false while it has not, and tells of every change.", () => {
  const env = makeEnv();
  const heard: boolean[] = [];
  const stop = focus.watch!(env, () => void heard.push(focus.holds({ is: true }, env)));
  env.tab.focus(false);
  assert.equal(focus.holds({ is: false }, env), true);
  env.tab.focus(true);
  stop();
  env.tab.focus(false);
  assert.deepEqual(heard, [false, true]);
});
