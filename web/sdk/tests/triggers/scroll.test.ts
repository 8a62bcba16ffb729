import assert from "node:assert/strict";
import test from "node:test";
import { scroll } from "../../src/triggers/scroll";
import { makeEnv } from "../fakes/env";

/** A page of 3000 pixels in a window of 1000, scrolled so far. */
function at(scrollTop: number, scrollHeight = 3000) {
  const env = makeEnv();
  Object.assign(env.tab.document.documentElement, { scrollTop, scrollHeight });
  return env;
}

test("Counts in percent of what there is to scroll.", () => {
  assert.equal(scroll.holds({ from: 50, to: 50 }, at(1000)), true);
  assert.equal(scroll.holds({ from: 100 }, at(2000)), true);
  assert.equal(scroll.holds({ from: 50 }, at(990)), false);
  assert.equal(scroll.holds({ to: 10 }, at(0)), true);
});

test("A page that fits its window is not scrolled, rather than wholly.", () => {
  assert.equal(scroll.holds({ from: 1 }, at(0, 800)), false);
  assert.equal(scroll.holds({ from: 0 }, at(0, 800)), true);
});

test("Tells when the person scrolls.", () => {
  const env = at(0);
  let told = 0;
  const stop = scroll.watch!(env, () => void told++);
  env.tab.happen("scroll");
  stop();
  env.tab.happen("scroll");
  assert.equal(told, 1);
});
