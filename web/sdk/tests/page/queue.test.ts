import assert from "node:assert/strict";
import test from "node:test";
import { run, type Command, type Methods } from "../../src/page/queue";
import { HeliographError } from "../../src/shared/errors";

/** Runs commands; returns what the methods were called with and what was reported. */
function play(methods: Record<string, (...parts: any[]) => unknown>, ...commands: unknown[]) {
  const failed: string[] = [];
  for (const command of commands)
    run(command as Command, methods, methods as Methods, (error) => void failed.push(error.code));
  return failed;
}

test("A command runs at once, within the caller's own call, so that a click stays a click.", () => {
  const calls: unknown[][] = [];
  play({ subscribe: (...parts) => calls.push(parts) }, ["subscribe", { groups: ["news"] }], ["subscribe"]);
  assert.deepEqual(calls, [[{ groups: ["news"] }], []]);
});

test("A callback at the end gets the result, or the error, node's way.", async () => {
  const refusal = new HeliographError("denied", "no");
  const heard: unknown[] = [];
  const hear = (...parts: unknown[]) => void heard.push(parts);
  play(
    { status: async () => "fine", subscribe: async () => Promise.reject(refusal) },
    ["status", hear],
    ["subscribe", {}, hear],
  );
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(heard, [[null, "fine"], [refusal]]);
});

test("The function of on() is its listener and no callback.", () => {
  const listener = () => undefined;
  const calls: unknown[][] = [];
  play({ on: (...parts) => calls.push(parts) }, ["on", "clicked", listener]);
  assert.deepEqual(calls, [["clicked", listener]]);
});

test("An unknown command is reported and told to its callback, and names from the prototype are unknown.", () => {
  const heard: unknown[] = [];
  const failed = play(
    {},
    ["subscribee", (error: HeliographError) => heard.push(error.code)],
    ["constructor"],
    ["__proto__"],
    ["toString"],
    [],
    5,
    null,
    {},
  );
  assert.deepEqual(heard, ["unknown-command"]);
  assert.deepEqual(failed, Array(8).fill("unknown-command"));
});

test("A function in the queue is called with the SDK.", () => {
  const methods = {};
  let given: unknown;
  play(methods, (heliograph: unknown) => (given = heliograph));
  assert.equal(given, methods);
});

test("A method that throws at once is told to the callback like one that rejects.", async () => {
  const heard: unknown[] = [];
  play(
    {
      on: () => undefined,
      bad: () => {
        throw new TypeError("x");
      },
    },
    ["bad", (error: HeliographError) => heard.push(error.code)],
  );
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(heard, ["misconfigured"]);
});
