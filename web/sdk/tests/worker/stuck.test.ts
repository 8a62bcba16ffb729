/**
 * Storage that never answers, as iOS has it while a suspended page holds a transaction. In a file of its own: it is
 * remembered.
 */

import "../fakes/own-worker";
import assert from "node:assert/strict";
import test from "node:test";
import "../../src/worker/main";
import { database, heliograph, worker } from "../fakes/own-worker";

const message = (delivery: string) => ({
  notification: { title: delivery },
  heliograph: { d: `${delivery}.mac`, n: "ntf_1" },
});

/** Milliseconds until a push was shown, and until everything about it was done. */
async function timed(delivery: string): Promise<[shown: number, done: number]> {
  const from = Date.now();
  let shown = 0;
  worker.checks = () => (shown = Date.now() - from);
  await worker.push(message(delivery));
  return [shown, Date.now() - from];
}

test("Stuck storage delays the first notification by about a second, the next ones not, and loses no receipt.", async () => {
  database.health = "hanging";
  const [shown, done] = await timed("dlv_1");
  assert(shown < 3_000 && done < 5_500, `${shown} ms, ${done} ms`);
  const [next, nextDone] = await timed("dlv_2");
  assert(next < 900 && nextDone < 900, `${next} ms, ${nextDone} ms`);
  assert.deepEqual(
    heliograph.receipts.map(({ delivery }) => delivery),
    ["dlv_1.mac", "dlv_2.mac"],
  );
  database.health = "good";
});
