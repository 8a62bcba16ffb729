/** A button in a slot of the page, `data-hg-spot="…"`; it switches notifications on and off. */

import { offer, type Host } from "../prompt";

const BUTTON = `
.slot{min-height:44px;display:flex;flex-wrap:wrap;gap:4px 12px;align-items:center}
.main{display:inline-flex;gap:10px;align-items:center;text-align:start}
.main .drawing{width:20px;height:20px}
.on{display:inline-flex;gap:10px;align-items:center;min-height:44px;font-weight:600}
.on .drawing{color:var(--ink)}
.said{margin:0}
`;

offer("inline", ({ BELL, TICK, drawing, el, makeShell, slotOf, word }) => ({
  show(host: Host) {
    const { campaign } = host;
    const { texts, language } = campaign;
    const slot = slotOf(campaign.spot);
    if (!slot) return null;
    const shell = makeShell(campaign, BUTTON, slot);
    const said = el("p", { class: "said", role: "status" });
    const content = el("div", { class: "slot" });
    shell.box.append(content);
    let busy = false;
    let painted: boolean | undefined;
    let thanks: string | null | undefined;

    async function during<T>(work: Promise<T>, fine: (answer: T) => boolean): Promise<void> {
      busy = true;
      const answer = await work;
      busy = false;
      const focused = shell.root.activeElement !== null;
      paint();
      if (!fine(answer)) said.textContent = texts["failed"] || word("failed", language);
      if (focused) content.querySelector("button")?.focus({ preventScroll: true });
    }

    function press(): void {
      if (busy) return;
      const status = host.status();
      if (status !== "default" && status !== "unsubscribed") return host.help();
      const asked = host.subscribe().then((answer) => {
        if (answer === "subscribed") thanks = texts["success"];
        return answer;
      });
      void during(asked, (answer) => answer !== "failed");
    }

    function paint(): void {
      const on = host.status() === "subscribed";
      // A button that is exchanged while it is being pressed is not pressed.
      if (busy || on === painted) return;
      painted = on;
      said.textContent = "";
      content.replaceChildren(
        ...(on
          ? [
              el("span", { class: "on" }, drawing(TICK), thanks || texts["on"] || word("on", language)),
              el(
                "button",
                { type: "button", class: "quiet", click: () => void during(host.unsubscribe(), Boolean) },
                texts["off"] || word("off", language),
              ),
            ]
          : [
              el(
                "button",
                { type: "button", class: "main", click: press },
                drawing(...BELL),
                texts["accept"] || texts["title"],
              ),
            ]),
        said,
      );
    }

    const unwatch = host.watch(paint);
    paint();
    return {
      hide() {
        unwatch();
        shell.remove();
      },
    };
  },
}));
