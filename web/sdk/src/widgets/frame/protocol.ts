/** What a custom prompt's frame and the page say to each other, through one MessageChannel. Both sides check all of it. */

/** The frame's first word, by postMessage: it has loaded and waits for the port. */
export const HELLO = "heliograph-frame";

/** The page's answer, with the port. */
export interface Start {
  readonly heliograph: typeof HELLO;
  readonly html: string;
  /** Kept by an earlier setValue(): value, and when it expires in milliseconds since 1970. */
  readonly values: Readonly<Record<string, readonly [value: unknown, expires: number]>>;
  readonly data: { readonly cid: string; readonly siteId: string };
}

/** From the frame. `id` where an answer is wanted. */
export type Word =
  | { readonly do: "show" }
  | { readonly do: "hide"; readonly seconds: number | null }
  | { readonly do: "configure"; readonly config: Readonly<Record<string, unknown>> }
  | { readonly do: "track"; readonly event: string }
  | { readonly do: "set"; readonly name: string; readonly value: unknown; readonly expires: number }
  | { readonly do: "open"; readonly url: string; readonly top: boolean }
  | { readonly do: "later" }
  | { readonly do: "status" | "subscribe"; readonly id: number };

export interface Reply {
  readonly id: number;
  readonly answer: unknown;
}
