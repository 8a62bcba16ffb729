/** A round button in a corner of the page, with a small card behind it: to be found when wanted, never in the way. */

import { offer, type Host } from "../prompt";

const ROUND = `
[hidden]{display:none}
.bell{width:56px;height:56px;border-radius:50%;display:grid;place-items:center;background:var(--accent);color:var(--on);box-shadow:0 0 0 1px #0000000f,0 4px 14px #13161c33}
.bell .drawing{width:26px;height:26px}
.dot{position:absolute;inset:1px 1px auto auto;width:14px;height:14px;border-radius:50%;background:#22a06b;border:2px solid var(--surface)}
.card{position:absolute;width:344px;max-width:calc(100vw - 40px)}
[data-at^=bottom] .card{bottom:70px}[data-at^=top] .card{top:70px}
[data-at$=left] .card{left:0}[data-at$=right] .card{right:0}
[data-at=top] .card,[data-at=bottom] .card{left:50%;margin-inline-start:-172px}
[data-at=top],[data-at=bottom]{width:56px}
`;

offer("bell", ({ BELL, TICK, closeButton, drawing, el, labels, makeCard, makeShell, place, sign, word }) => ({
  show(host: Host) {
    const { campaign } = host;
    const shell = makeShell(campaign, ROUND);
    const label = campaign.texts["title"] ?? "";
    const button = el(
      "button",
      {
        type: "button",
        class: "bell pop",
        "aria-label": label,
        title: label,
        "aria-expanded": "false",
        "aria-haspopup": "dialog",
        click: () => toggle(),
      },
      drawing(...BELL),
    );
    const aside = el("aside", { class: "at", "data-at": place(campaign), "aria-label": label }, button);
    let card: HTMLElement | undefined;

    function close(refocus = true): void {
      if (!card) return;
      card.remove();
      card = undefined;
      button.setAttribute("aria-expanded", "false");
      if (refocus) button.focus({ preventScroll: true });
    }

    function toggle(): void {
      if (card) return close();
      const status = host.status();
      if (status !== "subscribed" && status !== "default" && status !== "unsubscribed") return host.help();
      card = el(
        "div",
        { class: "card", role: "dialog", tabindex: "-1", ...labels(host) },
        ...(status === "subscribed" ? settings() : question()),
      );
      button.setAttribute("aria-expanded", "true");
      aside.prepend(card);
      card.focus({ preventScroll: true });
    }

    /** The campaign's card, where an end closes the card and only "close" takes the bell away. */
    function question(): readonly Node[] {
      return makeCard({
        ...host,
        end(how) {
          close();
          if (how === "close") host.end("close");
          else if (how === "later") host.track("click-later");
        },
      }).parts;
    }

    function settings(): readonly Node[] {
      const { language, texts } = campaign;
      const off = el(
        "button",
        { type: "button", class: "quiet", click: () => void host.unsubscribe().then(() => close()) },
        texts["off"] || word("off", language),
      );
      const words = el("div", { class: "words" }, el("h2", { id: "title" }, texts["on"] || word("on", language)));
      return [
        el("div", { class: "head" }, sign(host, TICK), words, closeButton({ ...host, end: () => close() })),
        el("div", { class: "row" }, off),
      ];
    }

    const paint = () => {
      aside.querySelector(".dot")?.remove();
      if (host.status() === "subscribed") button.append(el("span", { class: "dot" }));
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && card) close();
    };
    const outside = (event: Event) => {
      if (card && !event.composedPath().includes(shell.host)) close(false);
    };
    const unwatch = host.watch(paint);
    document.addEventListener("keydown", escape);
    document.addEventListener("pointerdown", outside);
    shell.box.append(aside);
    paint();
    return {
      cover(covered) {
        close(false);
        aside.hidden = covered;
      },
      hide() {
        unwatch();
        document.removeEventListener("keydown", escape);
        document.removeEventListener("pointerdown", outside);
        shell.remove();
      },
    };
  },
}));
