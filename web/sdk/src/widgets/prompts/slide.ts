/** A card that slides in at an edge of the page, which stays usable. */

import { offer, type Host } from "../prompt";

offer("slide", ({ el, labels, makeCard, makeShell, place }) => ({
  show(host: Host) {
    const shell = makeShell(host.campaign, "");
    const card = makeCard(host);
    const dialog = el(
      "div",
      { class: "card at", role: "dialog", tabindex: "-1", "data-at": place(host.campaign), ...labels(host) },
      ...card.parts,
    );
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) host.end("later");
    };
    document.addEventListener("keydown", escape);
    shell.box.append(dialog);
    card.settle(dialog);
    return {
      hide() {
        document.removeEventListener("keydown", escape);
        shell.remove();
      },
    };
  },
}));
