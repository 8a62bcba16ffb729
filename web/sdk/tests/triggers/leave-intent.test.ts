import assert from "node:assert/strict";
import test from "node:test";
import { leaveIntent } from "../../src/triggers/leave-intent";
import { makeEnv } from "../fakes/env";

function watched() {
  const env = makeEnv();
  const root = env.tab.document.documentElement;
  let told = 0;
  const stop = leaveIntent.watch!(env, () => void told++);
  const mouse = (type: string, clientY = 0) => root.dispatchEvent(Object.assign(new Event(type), { clientY }));
  return { env, stop, mouse, told: () => told, now: () => leaveIntent.holds({}, env) };
}

test("Holds from when the mouse crosses the top edge until it is back.", () => {
  const { mouse, now, told } = watched();
  assert.equal(now(), false);
  mouse("mouseleave", -1);
  assert.equal(now(), true);
  assert.equal(told(), 1);
  mouse("mouseenter");
  assert.equal(now(), false);
});

test("The other edges are not where tabs are closed.", () => {
  const { mouse, now, told } = watched();
  mouse("mouseleave", 400);
  assert.equal(now(), false);
  assert.equal(told(), 0);
});

test("Nothing is heard after the end.", () => {
  const { mouse, now, stop, told } = watched();
  mouse("mouseleave");
  stop();
  assert.equal(now(), false);
  mouse("mouseleave");
  assert.equal(told(), 1);
});
