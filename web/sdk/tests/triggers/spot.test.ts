import assert from "node:assert/strict";
import test from "node:test";
import { spot } from "../../src/triggers/spot";
import { makeEnv } from "../fakes/env";
import { FakeElement } from "../fakes/window";

test("Holds for a slot that a command has named.", () => {
  const env = makeEnv({ spots: ["cart"] });
  assert.equal(spot.holds({ value: "cart" }, env), true);
  assert.equal(spot.holds({ value: "car" }, env), false);
});

for (const name of ["data-hg-spot", "data-fl-spot"])
  test(`Holds for a slot that an element has in ${name}, whatever is in it.`, () => {
    const env = makeEnv();
    env.tab.document.elements.push(new FakeElement("", { [name]: `"]x` }));
    assert.equal(spot.holds({ value: `"]x` }, env), true);
    assert.equal(spot.holds({ value: "" }, env), false);
  });
