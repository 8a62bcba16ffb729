/** What slide, dialog, bell and chooser have in common: a sign, title and text, "yes" and "later", and what follows. */

import type { Answer, Host } from "../prompt";
import { BELL, CROSS, drawing, el, TICK } from "./element";
import { word } from "./words";

/** How long thanks are shown, in milliseconds. */
const THANKS = 4_000;

/** Screen readers need a moment to notice a region, in milliseconds. */
const HEARD = 150;

export interface Card {
  readonly parts: readonly Node[];
  /** Takes the focus unless the person is at work elsewhere on the page. */
  settle(dialog: HTMLElement): void;
}

export function sign({ campaign }: Host, ...paths: string[]): HTMLElement {
  const icon = campaign.look?.icon;
  const drawn = () => drawing(...(paths.length ? paths : BELL));
  const holder = el("span", { class: "sign" });
  // A picture that the site's policy blocks, or that is not there, leaves no hole.
  holder.append(icon ? el("img", { src: icon, alt: "", error: () => holder.replaceChildren(drawn()) }) : drawn());
  return holder;
}

export const closeButton = (host: Host): HTMLElement =>
  el(
    "button",
    {
      type: "button",
      class: "x",
      "aria-label": host.campaign.texts["close"] || word("close", host.campaign.language),
      click: () => host.end("close"),
    },
    drawing(CROSS),
  );

interface Options {
  /** Between the words and the buttons. */
  readonly middle?: Node;
  /** Runs straight from the click on "yes". */
  readonly accept?: () => Promise<Answer>;
  readonly paths?: readonly string[];
  readonly acceptText?: string;
  readonly laterText?: string | null;
  /** One below the other, "yes" above; Tab goes the way that eyes go. */
  readonly yesFirst?: boolean;
}

export function makeCard(host: Host, options: Options = {}): Card {
  const { campaign } = host;
  const { texts } = campaign;
  const accept = options.accept ?? (() => host.subscribe());
  const said = el("p", { class: "said", role: "status" });
  const heard = el("p", { class: "heard", role: "status" });
  const words = el(
    "div",
    { class: "words" },
    el("h2", { id: "title" }, texts["title"]),
    texts["body"] && el("p", { id: "body" }, texts["body"]),
  );
  const icon = sign(host, ...(options.paths ?? []));
  const head = el("div", { class: "head" }, icon, words, closeButton(host));

  const yes = el(
    "button",
    { type: "button", class: "main", click: () => void press() },
    options.acceptText || texts["accept"] || word("allow", campaign.language),
  );
  const later = options.laterText === undefined ? texts["later"] : options.laterText;
  const no = later && el("button", { type: "button", class: "quiet", click: () => host.end("later") }, later);
  const row = el("div", { class: "row" }, ...(options.yesFirst ? [yes, no] : [no, yes]));

  async function press(): Promise<void> {
    if (yes.hasAttribute("aria-disabled")) return;
    // Not `disabled`, which would throw the focus away.
    yes.setAttribute("aria-disabled", "true");
    said.textContent = "";
    const answer = await accept();
    if (answer === "subscribed") return thank();
    if (answer === "failed") said.textContent = texts["failed"] || word("failed", campaign.language);
    else host.end(answer === "dismissed" ? "later" : "done");
    yes.removeAttribute("aria-disabled");
  }

  function thank(): void {
    const success = texts["success"];
    if (!success) return host.end("done");
    const focused = (row.getRootNode() as ShadowRoot).activeElement;
    row.remove();
    options.middle?.parentNode?.removeChild(options.middle);
    icon.replaceChildren(drawing(TICK));
    words.replaceChildren(el("h2", { id: "title", tabindex: "-1" }, success));
    said.textContent = "";
    if (focused) (words.firstChild as HTMLElement).focus();
    setTimeout(() => host.end("done"), THANKS);
  }

  return {
    parts: [head, ...(options.middle ? [options.middle] : []), said, row, heard],
    settle(dialog) {
      const at = document.activeElement;
      if (!at || at === document.body || at === document.documentElement) dialog.focus({ preventScroll: true });
      // Whoever does not see it hears of it; a region speaks of changes only, so it has to be there before.
      else setTimeout(() => (heard.textContent = texts["title"] ?? ""), HEARD);
    },
  };
}

/** Attributes of the element that is the dialog. */
export const labels = ({ campaign }: Host): Record<string, string | null> => ({
  "aria-labelledby": "title",
  "aria-describedby": campaign.texts["body"] ? "body" : null,
});
