import assert from "node:assert/strict";
import test from "node:test";
import { contrast, shades } from "../../src/widgets/kit/colour";

test("Contrast is as WCAG has it.", () => {
  assert.equal(contrast("#ffffff", "#000000"), 21);
  assert.equal(contrast("#777777", "#777777"), 1);
  // The grey that is the usual example of just too little on white.
  assert(Math.abs(contrast("#777777", "#ffffff") - 4.48) < 0.01);
});

test("Whatever the accent, it stands out from its surface, and what is written on it can be read.", () => {
  for (const surface of ["#ffffff", "#1d2027"])
    for (let red = 0; red < 256; red += 15)
      for (let green = 0; green < 256; green += 15)
        for (let blue = 0; blue < 256; blue += 15) {
          const given = "#" + [red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("");
          const { accent, on, ink } = shades(given, surface);
          assert(contrast(accent, surface) >= 3, `${given} on ${surface}: ${accent}`);
          assert(contrast(accent, on) >= 4.5, `${on} on ${accent}`);
          assert(contrast(ink, surface) >= 4.5, `${ink} on ${surface}`);
        }
});

test("An accent that is fine stays as it is.", () => {
  assert.deepEqual(shades("#3d5afe", "#ffffff"), { accent: "#3d5afe", on: "#ffffff", ink: "#3d5afe" });
});
