/** A chooser of topics: what to be told of. Somebody who is subscribed changes their choice with it. */

import { offer, type Category, type Choice, type Host } from "../prompt";

const LIST = `
fieldset{border:0;display:grid;gap:8px;margin-top:18px}
label{display:flex;gap:12px;align-items:flex-start;padding:12px 14px;border:1px solid var(--line);border-radius:14px;cursor:pointer}
label:has(:checked){border-color:var(--accent);background:color-mix(in srgb,var(--accent) 7%,var(--surface))}
label:has(:focus-visible){outline:2px solid var(--ink);outline-offset:2px}
input{appearance:none;flex:none;width:20px;height:20px;margin-top:1px;border:1.5px solid var(--soft);border-radius:6px;display:grid;place-items:center;outline:none}
input:checked{background:var(--accent);border-color:var(--accent)}
input:checked::after{content:"";width:5px;height:10px;border:solid var(--on);border-width:0 2.2px 2.2px 0;transform:translateY(-1px) rotate(45deg)}
strong{display:block;font-weight:600}small{display:block;font-size:14px;color:var(--soft)}
@media(hover:hover){label:hover{background:var(--hover)}}
@media(forced-colors:active){input{appearance:auto}input::after{display:none}}
`;

const name = ({ group, attribute }: Category): string => group ?? attribute ?? "";

function choiceOf(categories: readonly Category[], boxes: readonly HTMLInputElement[]): Choice {
  const choice = { groups: {} as Record<string, boolean>, attributes: {} as Record<string, boolean> };
  categories.forEach((category, at) => {
    choice[category.group ? "groups" : "attributes"][name(category)] = boxes[at]!.checked;
  });
  return choice;
}

offer("categories", ({ el, makeCard, showModal }) => ({
  show(host: Host) {
    const { campaign } = host;
    const categories = (campaign.categories ?? []).filter((one) => name(one));
    if (!categories.length) return null;
    const boxes = categories.map((one) => el("input", { type: "checkbox", checked: one.checked === true }));
    const middle = el(
      "fieldset",
      { "aria-labelledby": "title" },
      ...categories.map((one, at) =>
        el(
          "label",
          {},
          boxes[at],
          el("span", {}, el("strong", {}, one.title), one.description && el("small", {}, one.description)),
        ),
      ),
    );
    const subscribed = host.status() === "subscribed";
    // What the server knows of this subscription, over what the campaign proposes.
    if (subscribed)
      void host.groups().then((joined) =>
        categories.forEach(({ group }, at) => {
          if (joined && group) boxes[at]!.checked = joined.includes(group);
        }),
      );
    const accept = () => {
      const choice = choiceOf(categories, boxes);
      if (!subscribed) return host.subscribe(choice);
      return host.choose(choice).then((done) => (done ? "subscribed" : "failed"));
    };
    const acceptText = (subscribed && campaign.texts["save"]) || undefined;
    return showModal(host, LIST, makeCard(host, { middle, accept, ...(acceptText ? { acceptText } : {}) }).parts);
  },
}));
