/**
 * The guide for a blocked site: how this browser allows it again. Only the person can, so it is shown when they pressed
 * something of ours that needs it; allowed meanwhile, it subscribes them and goes.
 */

import { familyOf, type Family } from "../guide/browser";
import { TEXTS } from "../guide/texts";
import { offer, type Campaign, type Host } from "../prompt";

const LOCK = ["M6.5 10.8h11v8.4h-11z", "M9 10.8V8a3 3 0 0 1 6 0v2.8"];
const TUNE = [
  "M4 8h7M17 8h3M4 16h3M13 16h7",
  "M14 5.6a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8ZM10 13.6a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8Z",
];
const MUTED = ["M5 5.5h14v10h-8l-4 3.4v-3.4H5z", "M3.5 3.5l17 17"];
const GEAR = [
  "M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z",
  "M12 3.5v2.4M12 18.1v2.4M3.5 12h2.4M18.1 12h2.4M6 6l1.7 1.7M16.3 16.3 18 18M18 6l-1.7 1.7M7.7 16.3 6 18",
];
const CROSSED = [
  "M12 3.5a5.8 5.8 0 0 0-5.8 5.8v3.9L4.5 16.5h15l-1.7-3.3V9.3A5.8 5.8 0 0 0 12 3.5Z",
  "M9.7 19.6a2.5 2.5 0 0 0 4.6 0",
  "M3.5 3.5l17 17",
];

const SYMBOLS: Readonly<Record<Family, readonly string[]>> = {
  chrome: TUNE,
  edge: LOCK,
  firefox: MUTED,
  safari: GEAR,
  android: TUNE,
  fenix: LOCK,
  ios: GEAR,
};

const DRAWN = `
.picture{margin-top:20px;padding:18px;border-radius:14px;background:var(--hover);display:grid;gap:10px;font-size:14px}
.bar,.entry{display:flex;align-items:center;gap:10px;background:var(--surface);border:1px solid var(--line);border-radius:99px;min-height:40px;padding:4px 14px 4px 5px}
.bar{direction:ltr;color:var(--soft);overflow:hidden;white-space:nowrap}
.ring{flex:none;width:30px;height:30px;border-radius:50%;display:grid;place-items:center;color:var(--on);background:var(--accent)}
.ring .drawing{width:18px;height:18px}
.entry{border-radius:12px;padding-inline:14px 10px;font-weight:600}
.switch{margin-inline-start:auto;width:36px;height:22px;border-radius:99px;background:var(--accent);padding:3px;display:flex;justify-content:flex-end}
.switch i{width:16px;height:16px;border-radius:50%;background:var(--on)}
ol{list-style:none;display:grid;gap:10px;margin-top:18px;counter-reset:step}
li{display:flex;gap:12px;counter-increment:step}
li::before{content:counter(step);flex:none;width:24px;height:24px;border-radius:50%;display:grid;place-items:center;font-size:13px;font-weight:650;background:var(--hover)}
`;

offer("unblock", ({ drawing, el, languageOf, makeCard, showModal }) => {
  function picture(family: Family, sign: string): HTMLElement {
    const bar = el(
      "div",
      { class: "bar" },
      el("span", { class: "ring" }, drawing(...SYMBOLS[family])),
      family === "ios" || family === "safari" ? sign : location.host,
    );
    const entry = el("div", { class: "entry" }, sign, el("span", { class: "switch" }, el("i")));
    return el("div", { class: "picture", "aria-hidden": "true" }, bar, entry);
  }

  return {
    show(host: Host) {
      const language = languageOf(TEXTS, host.campaign.language);
      const texts = TEXTS[language]!;
      const family = familyOf(navigator.userAgent, navigator.maxTouchPoints);
      const steps = el("ol", {}, ...texts[family].map((step) => el("li", {}, el("span", {}, step))));
      const { title, body, done: accept } = texts;
      const campaign: Campaign = { ...host.campaign, language, direction: "ltr", texts: { title, body, accept } };
      const told: Host = { ...host, campaign };
      const middle = el("div", {}, picture(family, texts.sign), steps);
      const shown = showModal(
        told,
        DRAWN,
        makeCard(told, { middle, paths: CROSSED, accept: async () => "denied" }).parts,
      );
      const unwatch = host.watch(() => {
        if (host.status() === "denied") return;
        host.end("done");
        if (host.status() === "unsubscribed") void host.subscribe();
      });
      return {
        hide() {
          unwatch();
          shown.hide();
        },
      };
    },
  };
});
