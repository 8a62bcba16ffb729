/**
 * The element that a prompt lives in: a shadow tree, so that neither side's styles reach the other, with constructable
 * style sheets, which a strict Content Security Policy allows.
 */

import type { Campaign } from "../prompt";
import { shades } from "./colour";
import { el } from "./element";
import { BASE } from "./style";

export interface Shell {
  readonly host: HTMLElement;
  readonly root: ShadowRoot;
  /** What a prompt fills. */
  readonly box: HTMLElement;
  /** Takes it from the page, and gives the focus back where it was, if it was taken. */
  remove(): void;
}

const ACCENT = "#3d5afe";
/** Surfaces of style.ts, light and dark. */
const SURFACES = ["#ffffff", "#1d2027"] as const;

function dressed(root: ShadowRoot, css: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Firefox before 101, Safari before 16.4.
    root.append(el("style", {}, css));
  }
}

/** Follows the system's light and dark, unless the campaign says one. Returns what ends the following. */
function follow(box: HTMLElement, { look }: Campaign): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const theme = look?.theme;
    const dark = theme === "dark" || (theme !== "light" && system.matches);
    const found = shades(/^#[\da-f]{6}$/i.test(look?.accent ?? "") ? look!.accent! : ACCENT, SURFACES[+dark]!);
    box.className = dark ? "hg dark" : "hg";
    // Through the object model: a style attribute would need the site's permission.
    for (const [name, value] of Object.entries(found)) box.style.setProperty("--" + name, value as string);
  };
  paint();
  system.addEventListener?.("change", paint);
  return () => system.removeEventListener?.("change", paint);
}

export function makeShell(campaign: Campaign, css: string, inside?: Element): Shell {
  const host = document.createElement("heliograph-prompt");
  host.dataset["prompt"] = campaign.prompt;
  host.dataset["campaign"] = campaign.id;
  if (inside) host.dataset["inline"] = "";
  const root = host.attachShadow({ mode: "open" });
  dressed(root, BASE + css);
  const box = el("div", { dir: campaign.direction ?? "ltr", lang: campaign.language });
  const unfollow = follow(box, campaign);
  root.append(box);

  const before = document.activeElement as HTMLElement | null;
  const raised = campaign.look?.z_index;
  if (raised != null) host.style.setProperty("--hg-z", String(raised));
  // Beside the body: what a site does to its body (a transform, a filter) would move what is fixed in it.
  (inside ?? document.documentElement).append(host);
  if (!inside && raised == null && "popover" in box) {
    // The top layer: above every z-index there is. Not the host itself, whose backdrop the page could paint.
    box.popover = "manual";
    box.showPopover();
  }
  return {
    host,
    root,
    box,
    remove() {
      const held = document.activeElement === host;
      unfollow();
      host.remove();
      if (held && before?.isConnected) before.focus({ preventScroll: true });
    },
  };
}

/** Where a prompt stands that names no place, or one that there is not. */
export function place({ look, direction }: Campaign): string {
  const position = look?.position ?? "";
  return /^(top|bottom)(-left|-right)?$/.test(position)
    ? position
    : direction === "rtl"
      ? "bottom-left"
      : "bottom-right";
}
