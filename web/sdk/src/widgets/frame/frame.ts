/**
 * Inside the frame of a custom prompt: gives its document the object `widget`, and reads its declarative attributes.
 *
 * The frame has an origin of its own that nobody else has, so the document can reach neither the site nor its storage;
 * what it wants it says to the page, which decides. Names of attributes: `data-hg-…`, and `data-fl-…` as alias.
 */

import { HELLO, type Reply, type Start, type Word } from "./protocol";

const HALF_AN_HOUR = 1_800_000;
/** Time for an event to leave before a link replaces the page, in milliseconds. */
const LEAVING = 300;

function attribute(element: Element, name: string): string | null {
  return element.getAttribute("data-hg-" + name) ?? element.getAttribute("data-fl-" + name);
}

const having = (name: string) => `[data-hg-${name}],[data-fl-${name}]`;

/** "overlay-background" to "overlayBackground"; numbers as numbers. */
function configOf(meta: Element): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const [name, value] of Object.entries((meta as HTMLElement).dataset))
    config[name] = value && !isNaN(Number(value)) ? Number(value) : value;
  return config;
}

function begin({ html, values, data }: Start, port: MessagePort): void {
  const kept = new Map(Object.entries(values));
  const waiting = new Map<number, (answer: unknown) => void>();
  const ready: (() => void)[] = [];
  let isReady = false;
  let count = 0;
  const say = (word: Word) => port.postMessage(word);
  const ask = (what: "status" | "subscribe") =>
    new Promise((resolve) => {
      waiting.set(++count, resolve);
      say({ do: what, id: count });
    });
  const missing = (what: string) => () => Promise.reject(new Error(`widget.${what}() is not supported by Heliograph`));

  port.onmessage = ({ data: reply }: MessageEvent<Reply>) => {
    waiting.get(reply?.id)?.(reply.answer);
    waiting.delete(reply?.id);
  };

  const widget = {
    ready: (callback: () => void) => void (isReady ? callback() : ready.push(callback)),
    configure: (config: Record<string, unknown>) => say({ do: "configure", config: { ...config } }),
    show: () => say({ do: "show" }),
    hide: (seconds?: number) => say({ do: "hide", seconds: seconds ?? null }),
    setScreen(name: string) {
      for (const screen of document.querySelectorAll<HTMLElement>(having("screen")))
        screen.style.display = attribute(screen, "screen") === name ? "block" : "none";
    },
    track: (event: string) => say({ do: "track", event: String(event) }),
    getData: () => ({ ...data }),
    setValue(name: string, value: unknown, expires = HALF_AN_HOUR) {
      kept.set(String(name), [value, Date.now() + expires]);
      say({ do: "set", name: String(name), value, expires });
    },
    getValue(name: string) {
      const [value, until] = kept.get(String(name)) ?? [undefined, 0];
      return { value, expired: until <= Date.now() };
    },
    pushStatus: () => ask("status"),
    pushSubscribe: () => ask("subscribe"),
    collectEmail: missing("collectEmail"),
    getMotivation: missing("getMotivation"),
  };
  Object.assign(window, { widget });

  document.open();
  document.write(html);
  document.close();

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) say({ do: "later" });
  });
  document.addEventListener("click", (event) => {
    const target = event.target as Element | null;
    const tracked = target?.closest(having("track"));
    if (tracked) widget.track(attribute(tracked, "track") ?? "");
    const going = target?.closest("[data-hg-go]")?.getAttribute("data-hg-go");
    if (going) widget.setScreen(going);
    if (target?.closest("[data-hg-subscribe]")) void widget.pushSubscribe();
    const closing = target?.closest(having("close"));
    if (closing) widget.hide(Number(attribute(closing, "close")) || undefined);
    const link = target?.closest<HTMLAnchorElement>("a[href]");
    if (!link || event.defaultPrevented || link.getAttribute("href")?.startsWith("#")) return;
    // The sandbox lets nothing open or leave; the page does it, for addresses that it accepts.
    event.preventDefault();
    const top = link.target !== "_blank";
    setTimeout(() => say({ do: "open", url: link.href, top }), tracked && top ? LEAVING : 0);
  });

  const start = () => {
    const first = document.querySelector(having("screen"));
    if (first) widget.setScreen(attribute(first, "screen") ?? "");
    const meta = document.querySelector('meta[name="widget-config"]');
    const config = meta ? configOf(meta) : {};
    if (meta) widget.configure(config);
    isReady = true;
    for (const callback of ready.splice(0)) callback();
    // A document that says neither when nor that it wants to wait is shown.
    if (config["autoshow"] !== "false") widget.show();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
}

let begun = false;
addEventListener("message", ({ source, data, ports }: MessageEvent<Start | undefined>) => {
  const [port] = ports;
  if (begun || source !== parent || source === window || data?.heliograph !== HELLO || !port) return;
  begun = true;
  begin(data, port);
});
// Says nothing but that there is a frame; whoever embeds it may know.
if (parent !== window) parent.postMessage(HELLO, "*");
