/** What the worker tells open pages, and what a click leaves behind for the page that it opens. */

/** A click, for the page's "clicked" event. */
export interface Click {
  readonly notification: string | null;
  readonly delivery: string | null;
  readonly action: string | null;
  readonly url: string;
  readonly data: unknown;
}

export type Message =
  | { readonly heliograph: "clicked"; readonly click: Click }
  | {
      readonly heliograph: "data";
      readonly data: unknown;
      readonly notification: string | null;
      readonly delivery: string | null;
    }
  | { readonly heliograph: "changed" };

/** Where the worker leaves a click for a window that is only just being opened. */
export const CLICK_VALUE = "click";
export interface LeftClick {
  readonly click: Click;
  readonly at: number;
}

/** Query parameter that carries the delivery where no worker sees the click (declarative push on Apple). */
export const CLICK_PARAMETER = "heliograph_click";

/** The delivery id without its proof: what a page may know. */
export const bareId = (delivery: string | undefined): string | null => delivery?.split(".")[0] ?? null;

/** An address without what does not tell pages apart: the fragment and our own parameter. */
export function comparable(url: string): string {
  const parsed = new URL(url);
  parsed.hash = "";
  parsed.searchParams.delete(CLICK_PARAMETER);
  return parsed.href;
}
