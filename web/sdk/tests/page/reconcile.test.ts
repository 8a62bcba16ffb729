import assert from "node:assert/strict";
import test from "node:test";
import { decide, isDue, type Situation, type Step } from "../../src/page/reconcile";
import type { State } from "../../src/shared/state";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

/** A subscription with which everything is right. */
const right: State = {
  key: "hpk_1",
  api: "https://push.example",
  project: "prj_1",
  wanted: true,
  id: "sub_1",
  secret: "hss_1",
  serverKey: "KEY",
  endpoint: "E1",
  refreshedAt: NOW - HOUR,
};
const browser = { endpoint: "E1", serverKey: "KEY" };
const settled: Situation = {
  permission: "granted",
  browser,
  state: right,
  config: { project: "prj_1", application_server_key: "KEY" },
  asked: true,
  now: NOW,
};

const cases: readonly [what: string, differs: Partial<Situation>, step: Step][] = [
  ["all is well", {}, "nothing"],
  ["the first page of a visit", { asked: false }, "ask"],
  ["a day has passed", { state: { ...right, refreshedAt: NOW - 24 * HOUR } }, "ask"],
  ["the clock was set back", { state: { ...right, refreshedAt: NOW + HOUR } }, "ask"],
  ["the server's key was rotated", { config: { project: "prj_1", application_server_key: "NEW" } }, "subscribe"],
  [
    "the site now belongs to another project",
    { config: { project: "prj_2", application_server_key: "KEY" } },
    "subscribe",
  ],
  ["the browser lost it", { browser: null }, "subscribe"],
  ["the browser lost it and the day has passed", { browser: null, asked: false }, "subscribe"],
  ["the browser has a new endpoint", { browser: { endpoint: "E2", serverKey: "KEY" } }, "subscribe"],
  ["the worker could not tell the server", { state: { ...right, endpoint: "" } }, "subscribe"],
  ["another vendor took over our registration", { browser: { endpoint: "X", serverKey: "THEIRS" } }, "subscribe"],
  ["a sender id took over our registration", { browser: { endpoint: "X", serverKey: "" } }, "subscribe"],
  ["the server was never reached", { state: { key: "hpk_1", api: "a", wanted: true } }, "subscribe"],
  ["the secret is missing", { state: { ...right, secret: "" } }, "subscribe"],

  ["a new visitor", { permission: "default", browser: null, state: undefined }, "nothing"],
  ["a visitor who allowed somebody else", { browser: null, state: undefined }, "nothing"],
  [
    "another vendor's subscription, and nobody asked for ours",
    { browser: { endpoint: "X", serverKey: "THEIRS" }, state: undefined },
    "nothing",
  ],
  ["our storage was cleared", { state: undefined }, "subscribe"],
  [
    "groups were chosen before subscribing",
    { browser: null, state: { key: "k", api: "a", groups: [{ name: "news", identifier: null }] } },
    "nothing",
  ],

  ["blocked by the person", { permission: "denied", browser: null }, "nothing"],
  ["permission was reset", { permission: "default", browser: null }, "nothing"],

  ["the person left", { browser: null, state: { key: "k", api: "a", wanted: false } }, "nothing"],
  ["the person left, the browser kept it", { state: { key: "k", api: "a", wanted: false } }, "withdraw"],
  ["the person left, the server was not told", { browser: null, state: { ...right, wanted: false } }, "withdraw"],
  [
    "the person left and blocked",
    { permission: "denied", browser: null, state: { ...right, wanted: false } },
    "withdraw",
  ],
];

for (const [what, differs, step] of cases) {
  test(`On a page load, when ${what}, the step is "${step}".`, () => {
    assert.equal(decide({ ...settled, ...differs }), step);
  });
}

test("Nobody who left, or never asked, is ever subscribed by a page load.", () => {
  for (const wanted of [false, undefined])
    for (const permission of ["granted", "denied", "default"] as const)
      for (const found of [null, { endpoint: "X", serverKey: "THEIRS" }])
        for (const asked of [true, false]) {
          const { wanted: _, ...rest } = right;
          const state: State = wanted === undefined ? rest : { ...rest, wanted };
          assert.notEqual(decide({ ...settled, permission, browser: found, state, asked }), "subscribe");
        }
});

test("A confirmation is due when it is old, missing, from the future, or no number.", () => {
  assert.equal(isDue(NOW - HOUR, NOW), false);
  for (const odd of [undefined, NaN, NOW + 1, NOW - 25 * HOUR]) assert.equal(isDue(odd, NOW), true);
});
