/** A dialog in the middle of the page, for a question that is worth stopping for. */

import { offer, type Host } from "../prompt";

const CENTRED = `
.head{flex-direction:column;align-items:center;text-align:center;gap:18px}
.sign{width:64px;height:64px;border-radius:18px}.sign .drawing{width:32px;height:32px}
.words{gap:8px}h2{font-size:21px}
.x{position:absolute;inset:18px 18px auto auto;margin:0}
[dir=rtl] .x{inset:18px auto auto 18px}
.row{flex-direction:column;margin-top:24px}
.said{text-align:center}
`;

offer("dialog", ({ makeCard, showModal }) => ({
  show: (host: Host) => showModal(host, CENTRED, makeCard(host, { yesFirst: true }).parts),
}));
