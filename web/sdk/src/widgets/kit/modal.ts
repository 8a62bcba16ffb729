/** A modal dialog: the browser's own, which takes the page behind it out of reach and keeps the focus inside. */

import type { Host, Shown } from "../prompt";
import { labels } from "./card";
import { el } from "./element";
import { makeShell } from "./shell";
import { MODAL } from "./style";

const REACHABLE = "button,input,a[href],iframe";

/** Puts the focus from one end to the other, where Tab would leave for the browser's own buttons. */
function wrap(event: KeyboardEvent, dialog: HTMLElement): void {
  if (event.key !== "Tab") return;
  const all = [...dialog.querySelectorAll<HTMLElement>(REACHABLE)];
  const at = (dialog.getRootNode() as ShadowRoot).activeElement;
  const [from, to] = event.shiftKey ? [all[0], all[all.length - 1]] : [all[all.length - 1], all[0]];
  if (at !== from && at !== dialog) return;
  event.preventDefault();
  to?.focus();
}

export function showModal(
  host: Host,
  css: string,
  parts: readonly Node[],
  later: () => void = () => host.end("later"),
): Shown {
  const shell = makeShell(host.campaign, MODAL + css);
  const dialog = el("dialog", { class: "card", tabindex: "-1", ...labels(host) }, ...parts);
  dialog.addEventListener("keydown", (event) => wrap(event, dialog));
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    later();
  });
  const before = document.activeElement as HTMLElement | null;
  shell.box.append(dialog);
  dialog.showModal();
  dialog.focus({ preventScroll: true });
  return {
    hide() {
      dialog.close();
      shell.remove();
      before?.focus?.({ preventScroll: true });
    },
  };
}
