/**
 * The door of prompts: what the page script gives a prompt, and what a prompt gives back.
 *
 * Each prompt is a file of its own, `/sdk/v1/prompts/<kind>.js`, loaded when it is wanted for the first time. It calls
 * `window.heliographPrompt(kind, prompt)`. A cached prompt may meet a newer page script, so members are only added.
 */

import type { Kit } from "./kit/kit";

export const KINDS = ["slide", "dialog", "bell", "inline", "categories", "html", "home-screen"] as const;
export type Kind = (typeof KINDS)[number];

export interface Category {
  /** A group to join, or the name of an attribute that becomes true or false. */
  readonly group?: string;
  readonly attribute?: string;
  readonly title: string;
  readonly description?: string | null;
  readonly checked?: boolean;
}

export interface Look {
  readonly theme?: "auto" | "light" | "dark" | null;
  /** "#rrggbb" */
  readonly accent?: string | null;
  /** "top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right" */
  readonly position?: string | null;
  readonly icon?: string | null;
  readonly z_index?: number | null;
}

/** A prompt campaign as `POST /v1/public/campaigns` gives it; what only the runner reads is in page/campaigns.ts. */
export interface Campaign {
  readonly id: string;
  readonly prompt: Kind;
  readonly texts: Readonly<Record<string, string | null | undefined>>;
  /** BCP 47 tag of the texts. */
  readonly language?: string | null;
  readonly direction?: "ltr" | "rtl" | null;
  readonly look?: Look | null;
  readonly categories?: readonly Category[] | null;
  readonly html?: string | null;
  readonly size?: { readonly width?: number | null; readonly height?: number | null } | null;
  readonly spot?: string | null;
  readonly groups?: readonly string[] | null;
}

export type Answer = "subscribed" | "denied" | "dismissed" | "failed";

/** How a prompt ended: "later" and "close" are remembered and counted, "done" is neither. */
export type End = "later" | "close" | "done";

/** What a person chose: groups and attributes, by name. */
export interface Choice {
  readonly groups: Readonly<Record<string, boolean>>;
  readonly attributes: Readonly<Record<string, boolean>>;
}

/** What the page script does for one prompt on the screen. */
export interface Host {
  readonly campaign: Campaign;
  /** Everything before `/v1/…`, for what a prompt loads itself. */
  readonly base: string;
  /** Publishable key of the project. */
  readonly key: string;
  /** Status of the page script as last known: "default", "subscribed", "denied", … */
  status(): string;
  /** Calls back when the status is another; returns what ends that. */
  watch(listener: () => void): () => void;
  /** Asks and subscribes. Straight from a click, with nothing awaited before. */
  subscribe(choice?: Choice): Promise<Answer>;
  unsubscribe(): Promise<boolean>;
  /** The groups of this subscription, as the server knows them; null when there is none. */
  groups(): Promise<readonly string[] | null>;
  /** Changes the groups and attributes of somebody who is subscribed. */
  choose(choice: Choice): Promise<boolean>;
  /** Counts an event of this campaign. */
  track(event: string): void;
  /** The prompt is over: takes it from the screen. `seconds`: not again before, instead of what the campaign says. */
  end(how: End, seconds?: number): void;
  /** Shows what stands in the way: the guide for a blocked site, or how to get to the home screen. */
  help(): void;
}

export interface Shown {
  /** Takes it from the screen at once; gives the focus back. */
  hide(): void;
  /** Something else is in front of the page now, or no longer. */
  cover?(covered: boolean): void;
}

export interface Prompt {
  /** Null: it cannot be shown here (no slot in the page, say). */
  show(host: Host): Shown | null;
}

/** A prompt is made with what all prompts share, which is a file of its own too. */
export type MakePrompt = (kit: Kit) => Prompt;

/** Gives the page script a prompt. */
export const offer = (kind: string, prompt: MakePrompt): void =>
  (window as unknown as { heliographPrompt?: (kind: string, prompt: MakePrompt) => void }).heliographPrompt?.(
    kind,
    prompt,
  );
