import assert from "node:assert/strict";
import test from "node:test";
import { incognito } from "../../src/triggers/incognito";
import { makeEnv } from "../fakes/env";

async function found(storage: unknown): Promise<boolean> {
  const env = makeEnv();
  env.tab.navigator.storage = storage;
  const neither = (["is"] as const).some(
    () => incognito.holds({ is: true }, env) || incognito.holds({ is: false }, env),
  );
  assert.equal(neither, false);
  await new Promise<void>((resolve) => incognito.watch!(env, resolve));
  assert.equal(incognito.holds({ is: true }, env), !incognito.holds({ is: false }, env));
  return incognito.holds({ is: true }, env);
}

test("A browser that refuses to keep files is in a private window.", async () => {
  assert.equal(await found({ getDirectory: () => Promise.reject(new DOMException("no", "SecurityError")) }), true);
});

test("Without a sign of it, a window is not private.", async () => {
  assert.equal(await found({ getDirectory: () => Promise.resolve({}) }), false);
  assert.equal(await found(undefined), false);
});
