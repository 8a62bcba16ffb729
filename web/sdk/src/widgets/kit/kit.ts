/** What all prompts share, as the one file `/sdk/v1/prompts/kit.js`: loaded with the first of them. */

import { closeButton, labels, makeCard, sign } from "./card";
import { BELL, drawing, el, TICK } from "./element";
import { showModal } from "./modal";
import { makeShell, place } from "./shell";
import { slotOf } from "./slot";
import { languageOf, word } from "./words";

const kit = {
  BELL,
  TICK,
  closeButton,
  drawing,
  el,
  languageOf,
  labels,
  makeCard,
  makeShell,
  place,
  showModal,
  sign,
  slotOf,
  word,
};

export type Kit = typeof kit;

(window as unknown as { heliographPrompt?: (kind: string, given: Kit) => void }).heliographPrompt?.("kit", kit);
