/**
 * A prompt of the customer's own HTML, in a sandboxed frame that can reach nothing of the site.
 *
 * The frame's document comes from Heliograph (`frame.html`) and not from `srcdoc`, which would be under the site's own
 * Content Security Policy. The sandbox gives it an origin of its own (no `allow-same-origin`); it speaks through one
 * MessageChannel, and everything it says is checked here.
 */

import { HELLO, type Start, type Word } from "../frame/protocol";
import { offer, type Host } from "../prompt";

declare const __VERSION__: string;

const FRAME = `
.back{position:fixed;inset:0;background:var(--back,transparent)}
.back:not([data-type=popup]){display:none}
.frame{background:var(--surface);border-radius:18px;box-shadow:var(--shadow);overflow:hidden;width:min(var(--w),100vw);height:min(var(--h),100dvh);max-width:100%;position:relative}
.frame[data-type=popup]{position:fixed;inset:0;margin:auto}
.frame[data-type=fixed]{position:fixed}
.frame[data-type=fixed][data-free]{inset:var(--t) var(--r) var(--b) var(--l)}
iframe{border:0;width:100%;height:100%;display:block;color-scheme:normal}
.ask{position:absolute;inset:auto 0 0 0;padding:14px;background:var(--surface);border-top:1px solid var(--line)}
.ask .main{width:100%}
[hidden]{display:none!important}
.frame[data-type=embedded][hidden]{display:block!important;visibility:hidden}
`;

const VALUES = "heliograph:values_";
const MOST_VALUES = 50;
const LONGEST_VALUE = 2000;
const MOST_EVENTS = 100;
/** What the page counts itself, a document may not. */
const RESERVED = /^(show-widget|test-passed|click-later|click-close|push-.*)$/;
const EVENT = /^[a-z][a-z0-9-]{0,39}$/;
const TYPES = ["popup", "embedded", "fixed"];

type Values = Record<string, readonly [unknown, number]>;

function readValues(name: string): Values {
  try {
    const kept = JSON.parse(localStorage.getItem(name) ?? "{}") as Values;
    const now = Date.now();
    return Object.fromEntries(Object.entries(kept).filter(([, entry]) => Array.isArray(entry) && entry[1] > now));
  } catch {
    return {};
  }
}

function keepValue(name: string, values: Values, { name: key, value, expires }: Extract<Word, { do: "set" }>): void {
  if (typeof key !== "string" || key.length > 100 || typeof expires !== "number") return;
  if ((JSON.stringify(value) ?? "").length > LONGEST_VALUE) return;
  if (!(key in values) && Object.keys(values).length >= MOST_VALUES) return;
  Object.defineProperty(values, key, { value: [value, Date.now() + expires], enumerable: true, configurable: true });
  try {
    localStorage.setItem(name, JSON.stringify(values));
  } catch {
    // Kept in the frame for this page.
  }
}

const px = (value: unknown): string | undefined =>
  typeof value === "number" && Number.isFinite(value) ? `${Math.min(Math.max(value, 0), 5000)}px` : undefined;

offer("html", ({ el, makeShell, place, slotOf, word }) => ({
  show(host: Host) {
    const { campaign } = host;
    const slot = campaign.spot ? slotOf(campaign.spot) : undefined;
    if (!campaign.html || (campaign.spot && !slot)) return null;
    const shell = makeShell(campaign, FRAME, slot);
    const name = VALUES + campaign.id;
    const values = readValues(name);
    let events = 0;
    let port: MessagePort | undefined;

    const iframe = el("iframe", {
      sandbox: "allow-scripts",
      title: campaign.texts["title"] || "Notifications",
      src: `${host.base}/sdk/v1/prompts/frame.html?v=${__VERSION__}`,
      referrerpolicy: "no-referrer",
    });
    const back = el("div", { class: "back", hidden: true });
    const frame = el(
      "div",
      { class: "frame at", hidden: true, role: slot ? "group" : "dialog", "aria-label": iframe.title },
      iframe,
    );
    shell.box.append(back, frame);

    function configure(config: Readonly<Record<string, unknown>>): void {
      const type = slot
        ? "embedded"
        : TYPES.includes(config["type"] as string)
          ? (config["type"] as string)
          : (frame.dataset["type"] ?? "fixed");
      frame.dataset["type"] = back.dataset["type"] = type === "embedded" && !slot ? "fixed" : type;
      const { style } = frame;
      for (const [property, member] of [
        ["--w", "width"],
        ["--h", "height"],
      ] as const) {
        const size = px(config[member]);
        if (size) style.setProperty(property, size);
      }
      for (const side of ["top", "right", "bottom", "left"]) {
        const offset = px(config[side]);
        if (offset) style.setProperty(`--${side[0]}`, offset);
        if (offset) frame.dataset["free"] = "";
      }
      if (type === "fixed")
        frame.dataset["at"] = place({
          ...campaign,
          look: { position: String(config["position"] ?? frame.dataset["at"] ?? campaign.look?.position) },
        });
      else delete frame.dataset["at"];
      const { zIndex, overlayBackground } = config;
      if (typeof zIndex === "number" && Number.isInteger(zIndex))
        shell.host.style.setProperty("--hg-z", String(zIndex));
      if (typeof overlayBackground === "string" && CSS.supports("color", overlayBackground))
        back.style.setProperty("--back", overlayBackground);
    }

    const reply = (id: unknown, answer: unknown) => typeof id === "number" && port?.postMessage({ id, answer });
    const permission = () => {
      const status = host.status();
      return status === "subscribed" || status === "pending"
        ? "granted"
        : status === "denied"
          ? status
          : /^(default|unsubscribed)$/.test(status)
            ? "default"
            : "unsupported";
    };
    const answerOf = (answer: string) => ({
      permission: answer === "subscribed" ? "granted" : answer === "denied" ? answer : "default",
    });

    /** Whether the person has just clicked in the frame; `otherwise` where the browser does not tell of clicks. */
    const clicked = (otherwise: boolean) =>
      (navigator.userActivation?.isActive ?? otherwise) && shell.root.activeElement === iframe;

    /** A click in the frame counts for the page in today's browsers; where it cannot be known, a button of ours asks. */
    function subscribe(id: unknown): void {
      if (clicked(false)) return void host.subscribe().then((answer) => reply(id, answerOf(answer)));
      if (frame.querySelector(".ask")) return void reply(id, answerOf("dismissed"));
      const press = () => {
        const asked = host.subscribe();
        bar.remove();
        void asked.then((answer) => reply(id, answerOf(answer)));
      };
      const bar = el(
        "div",
        { class: "ask" },
        el(
          "button",
          { type: "button", class: "main", click: press },
          campaign.texts["accept"] || word("allow", campaign.language),
        ),
      );
      frame.append(bar);
    }

    function hear({ data }: MessageEvent<Word | null>): void {
      if (typeof data !== "object" || !data) return;
      switch (data.do) {
        case "show":
          return reveal();
        case "hide":
          return typeof data.seconds === "number" && data.seconds > 0
            ? host.end("close", Math.min(data.seconds, 31_536_000))
            : host.end("done");
        case "later":
          return slot ? undefined : host.end("later");
        case "configure":
          return typeof data.config === "object" && data.config ? configure(data.config) : undefined;
        case "track":
          if (EVENT.test(String(data.event)) && !RESERVED.test(data.event) && events++ < MOST_EVENTS)
            host.track(data.event);
          return;
        case "set":
          return keepValue(name, values, data);
        case "open":
          return open(data.url, data.top === true);
        case "status":
          return void reply(data.id, { permission: permission(), requireInteraction: true });
        case "subscribe":
          return subscribe(data.id);
      }
    }

    function reveal(): void {
      frame.hidden = back.hidden = false;
      const { activeElement, body } = document;
      const busy = activeElement !== body && activeElement !== document.documentElement;
      // A click of just now was meant for the page, and must not count as one in the frame: see subscribe().
      if (frame.dataset["type"] === "popup" && !busy && navigator.userActivation?.isActive === false) iframe.focus();
    }

    function open(url: unknown, top: boolean): void {
      if (typeof url !== "string" || !/^https?:\/\//i.test(url) || !clicked(true)) return;
      if (top) location.assign(url);
      else window.open(url, "_blank", "noopener");
    }

    function hello({ source, origin, data }: MessageEvent): void {
      // The sandboxed frame's origin is opaque ("null"), so its window is what identifies it; it may start once.
      if (port || source !== iframe.contentWindow || origin !== "null" || data !== HELLO) return;
      const channel = new MessageChannel();
      port = channel.port1;
      port.onmessage = hear;
      const start: Start = {
        heliograph: HELLO,
        html: campaign.html!,
        values,
        data: { cid: campaign.id, siteId: host.key },
      };
      // No other target can name an opaque origin; the frame holds nothing but what it was just sent.
      iframe.contentWindow!.postMessage(start, "*", [channel.port2]);
    }
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !slot) host.end("later");
    };
    window.addEventListener("message", hello);
    document.addEventListener("keydown", escape);
    configure({
      type: slot ? "embedded" : "fixed",
      width: campaign.size?.width ?? 400,
      height: campaign.size?.height ?? 300,
    });
    return {
      hide() {
        window.removeEventListener("message", hello);
        document.removeEventListener("keydown", escape);
        port?.close();
        shell.remove();
      },
    };
  },
}));
