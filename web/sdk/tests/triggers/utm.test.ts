import assert from "node:assert/strict";
import test from "node:test";
import { utm } from "../../src/triggers/utm";
import { makeEnv } from "../fakes/env";

const env = makeEnv({ session: { utm: { utm_source: "mail", utm_campaign: "spring" } } });

test("All that are asked for must be equal.", () => {
  for (const spec of [{ source: "mail" }, { campaign: "spring" }, { source: "mail", campaign: "spring", medium: null }])
    assert.equal(utm.holds(spec, env), true, JSON.stringify(spec));
  for (const spec of [{ source: "Mail" }, { source: "ma" }, { medium: "cpc" }, { source: "mail", campaign: "autumn" }])
    assert.equal(utm.holds(spec, env), false, JSON.stringify(spec));
});

test("Without a question there is no answer, and no parameter is not an empty one.", () => {
  for (const spec of [{}, { medium: "" }, { medium: undefined }]) assert.equal(utm.holds(spec, env), false);
});
