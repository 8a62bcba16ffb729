/** What every prompt owes, over the folder. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { KINDS } from "../../src/widgets/prompt";

// Tests are run from web/.
const FOLDER = "sdk/src/widgets/prompts";
const files = readdirSync(FOLDER);
/** Not a campaign's prompt: what the others lead to where a site is blocked. */
const GUIDES = ["unblock"];

test("Every kind is one file, and every file a kind.", () => {
  assert.deepEqual(files.map((name) => name.replace(".ts", "")).sort(), [...KINDS, ...GUIDES].sort());
});

for (const name of files)
  test(`${name} offers itself by its own name, and builds nothing from text.`, () => {
    const source = readFileSync(`${FOLDER}/${name}`, "utf8");
    assert(source.includes(`offer("${name.replace(".ts", "")}"`));
    // A strict policy, or Trusted Types, would forbid these.
    assert(!/innerHTML|insertAdjacentHTML|setAttribute\("style"|\beval\b|new Function/.test(source));
  });
