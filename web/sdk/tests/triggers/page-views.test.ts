import assert from "node:assert/strict";
import test from "node:test";
import { pageViews } from "../../src/triggers/page-views";
import { makeEnv } from "../fakes/env";

test("Holds between from and to, both included and both optional.", () => {
  const env = makeEnv({ session: { pageViews: 3 } });
  for (const spec of [{}, { from: 3 }, { to: 3 }, { from: 2.5, to: 3.5 }, { from: null, to: null }])
    assert.equal(pageViews.holds(spec, env), true, JSON.stringify(spec));
  for (const spec of [{ from: 4 }, { to: 2 }, { from: 4, to: 2 }, { from: "3" }, { to: [] }])
    assert.equal(pageViews.holds(spec, env), false, JSON.stringify(spec));
});
