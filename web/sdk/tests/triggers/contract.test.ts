/** What every trigger owes, over the tuple. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { holds, TRIGGERS, watch } from "../../src/triggers";
import type { Trigger } from "../../src/triggers/trigger";
import { makeEnv } from "../fakes/env";
import { asWindow, FakeWindow } from "../fakes/window";

const file = ({ kind }: Trigger) => kind.replace(/_/g, "-");
const HELPERS = ["index", "trigger", "values"];

test("Every kind has a file and a test of its name, and every file is in the tuple.", () => {
  // Tests are run from web/.
  const sources = readdirSync("sdk/src/triggers").map((name) => name.replace(".ts", ""));
  const tests = readdirSync("sdk/tests/triggers").map((name) => name.replace(".test.ts", ""));
  const kinds = TRIGGERS.map(file);
  assert.deepEqual([...kinds].sort(), sources.filter((name) => !HELPERS.includes(name)).sort());
  for (const kind of kinds) assert(tests.includes(kind), `${kind} has no test`);
  assert.equal(new Set(kinds).size, kinds.length);
});

test("The reference lists every trigger, and no other.", () => {
  const page = readFileSync("../docs/reference/sdk.md", "utf8");
  const section = page.split("### Page triggers")[1]!.split("\n### ")[0]!;
  const listed = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, kind]) => kind!);
  assert.deepEqual(listed.sort(), TRIGGERS.map(({ kind }) => kind).sort());
});

const cyclic: Record<string, unknown> = {};
cyclic["value"] = cyclic;
const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error("mine");
    },
  },
);
const ODD: readonly unknown[] = [
  ...[null, undefined, 0, NaN, "", "x", [], {}, -1, 1e400, true],
  ...[Symbol("x"), () => true, cyclic, hostile, "a".repeat(1e6), "(a+)+$", "(", "\0"],
];
const MEMBERS = ["is", "from", "to", "mode", "value", "name", "contains", "source", "medium", "exclude"];

test("Whatever a spec holds, a trigger says yes or no and never throws.", () => {
  const env = makeEnv();
  for (const { kind } of TRIGGERS)
    for (const odd of ODD)
      for (const mode of ["contains", "regex", undefined]) {
        const spec: Record<string, unknown> = { kind, mode };
        for (const member of MEMBERS) if (member !== "mode") spec[member] = odd;
        assert.equal(typeof holds(spec, env, () => undefined), "boolean");
        assert.equal(typeof holds({ kind, mode: odd, value: "x" }, env, () => undefined), "boolean");
      }
});

test("What is not of the kind it should be does not hold.", () => {
  const env = makeEnv({ authorised: true, moment: "x" });
  const wrong: Record<string, object> = {
    authorised: { is: "true" },
    first_visit: { is: 1 },
    page_views: { from: "1" },
    products_viewed: { to: {} },
    entry_url: { mode: "regex", value: "(" },
    current_url: { mode: "contains", value: 5 },
    visited_url: { mode: "contains" },
    focus: { is: null },
    cart_count: { from: NaN },
    cart_total: { from: true },
    session_time: { from: "1" },
    time_on_page: { from: [] },
    inactivity: { from: "0" },
    utm: { source: 1 },
    referrer: { contains: 0 },
    spot: { value: [] },
    mobile: {},
    event: { name: ["x"] },
    cookie: { name: {} },
    incognito: { is: "false" },
    scroll: { from: "0" },
    leave_intent: {},
  };
  for (const { kind } of TRIGGERS)
    assert.equal(
      holds({ kind, ...wrong[kind] }, env, () => undefined),
      false,
      kind,
    );
});

test("A kind that this page does not know does not hold, and is told of once.", () => {
  const told: string[] = [];
  for (let i = 0; i < 3; i++)
    for (const spec of [{ kind: "weather" }, { kind: "toString" }, { kind: "__proto__" }, {}, null, "x"])
      assert.equal(
        holds(spec, makeEnv(), (sentence) => void told.push(sentence)),
        false,
      );
  assert.equal(told.length, new Set(told).size);
  assert(told.some((sentence) => sentence.includes('"weather"')));
});

test("Watching is once for each kind, ends wholly, and survives a browser without what a trigger needs.", () => {
  const tab = new FakeWindow("https://shop.example/");
  let listeners = 0;
  for (const target of [tab, tab.document.documentElement] as EventTarget[]) {
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    target.addEventListener = (...parts) => (listeners++, addEventListener.apply(target, parts));
    target.removeEventListener = (...parts) => (listeners--, removeEventListener.apply(target, parts));
  }
  const kinds = TRIGGERS.map(({ kind }) => kind);
  const stop = watch([...kinds, ...kinds, "weather", null], makeEnv({ tab }), () => undefined);
  assert(listeners > 0);
  assert(listeners < 20);
  stop();
  assert.equal(listeners, 0);
  const broken = makeEnv({ document: {} as Document, window: asWindow({} as FakeWindow) });
  watch(kinds, broken, () => undefined)();
});
