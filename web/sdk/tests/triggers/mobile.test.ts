import assert from "node:assert/strict";
import test from "node:test";
import { mobile } from "../../src/triggers/mobile";
import { makeEnv } from "../fakes/env";

const agents: readonly [what: string, agent: string, mobile: boolean][] = [
  [
    "Chrome on Android",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/143.0.0.0 Mobile Safari/537.36",
    true,
  ],
  ["Firefox on Android", "Mozilla/5.0 (Android 14; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", true],
  [
    "Safari on an iPhone",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
    true,
  ],
  [
    "Chrome on Windows",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36",
    false,
  ],
  ["Safari on a Mac", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", false],
];
for (const [what, userAgent, phone] of agents)
  test(`${what} is ${phone ? "" : "not "}mobile.`, () => {
    const env = makeEnv();
    env.tab.navigator.userAgent = userAgent;
    assert.equal(mobile.holds({ is: true }, env), phone);
    assert.equal(mobile.holds({ is: false }, env), !phone);
  });
