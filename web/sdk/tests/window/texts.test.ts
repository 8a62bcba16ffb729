import assert from "node:assert/strict";
import test from "node:test";
import { isAnswer } from "../../src/window/answer";
import { filled, TEXTS, textsFor } from "../../src/window/texts";

test("Every language says the same things, with the same places to fill in.", () => {
  const places = (text: string) => [...text.matchAll(/\{\d\}/g)].map(([place]) => place).sort();
  for (const [language, texts] of Object.entries(TEXTS)) {
    assert.deepEqual(Object.keys(texts), Object.keys(TEXTS["en"]!), language);
    for (const [name, text] of Object.entries(texts)) {
      assert.deepEqual(places(text), places(TEXTS["en"]![name as "title"]), `${language} ${name}`);
      assert.equal(/[{}]/.test(filled(text, "shop.example")), false);
    }
  }
});

test("The first language that there are texts of is spoken, English if there are none.", () => {
  assert.equal(textsFor(["pt-BR", "de-AT", "fr"])[0], "de");
  assert.equal(textsFor(["pt"])[0], "en");
  assert.equal(textsFor([])[0], "en");
});

test("An answer is one to this very question.", () => {
  const said = { heliograph: "window", state: "s", result: "subscribed" };
  assert.equal(isAnswer(said, "s"), true);
  for (const other of [null, undefined, "x", 7, {}, { ...said, state: "t" }, { ...said, heliograph: "x" }, { ...said, result: 7 }])
    assert.equal(isAnswer(other, "s"), false);
});
