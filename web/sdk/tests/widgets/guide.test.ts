import assert from "node:assert/strict";
import test from "node:test";
import { familyOf } from "../../src/widgets/guide/browser";
import { TEXTS } from "../../src/widgets/guide/texts";
import { languageOf } from "../../src/widgets/kit/words";

const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ";
const WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) ";
const WINDOWS =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
const ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) ";

const BROWSERS = [
  ["Chrome", WINDOWS, 0, "chrome"],
  ["Edge", WINDOWS + " Edg/156.0.0.0", 0, "edge"],
  ["Opera", WINDOWS + " OPR/130.0.0.0", 0, "chrome"],
  ["Yandex", WINDOWS.replace("Chrome/156.0.0.0", "Chrome/156.0.0.0 YaBrowser/26.9"), 0, "chrome"],
  ["Firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", 0, "firefox"],
  ["Safari", MAC + WEBKIT + "Version/26.0 Safari/605.1.15", 0, "safari"],
  ["Chrome on a Mac", MAC + "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36", 0, "chrome"],
  ["iPad", MAC + WEBKIT + "Version/26.0 Safari/605.1.15", 5, "ios"],
  [
    "iPhone",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) " + WEBKIT + "Version/26.0 Mobile Safari",
    5,
    "ios",
  ],
  ["Chrome on Android", ANDROID + "Chrome/156.0.0.0 Mobile Safari/537.36", 5, "android"],
  ["Samsung Internet", ANDROID + "SamsungBrowser/30.0 Chrome/150.0.0.0 Mobile Safari/537.36", 5, "android"],
  ["Edge on Android", ANDROID + "Chrome/156.0.0.0 Mobile Safari/537.36 EdgA/156.0", 5, "android"],
  ["Firefox on Android", "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0", 5, "fenix"],
] as const;

for (const [name, agent, touch, family] of BROWSERS)
  test(`${name} is shown the menus of ${family}.`, () => assert.equal(familyOf(agent, touch), family));

test("Every language says the same things, in two or three steps.", () => {
  const members = Object.keys(TEXTS["en"]!).sort();
  assert.deepEqual(Object.keys(TEXTS).sort(), ["de", "en", "es", "fr", "ru"]);
  for (const texts of Object.values(TEXTS)) {
    assert.deepEqual(Object.keys(texts).sort(), members);
    for (const [name, steps] of Object.entries(texts as object))
      assert.equal((steps as string[]).length > 1, true, name);
  }
});

test("A language is found by its first part; others fall back to English.", () => {
  assert.deepEqual(
    ["de", "de-AT", "DE", "pt-BR", "", null, undefined, "__proto__", "constructor"].map((tag) =>
      languageOf(TEXTS, tag),
    ),
    ["de", "de", "de", "en", "en", "en", "en", "en", "en"],
  );
});
