/**
 * What all prompts look like. Sizes in px: a site's root font size is not ours to inherit. Colours, sizes and the host's
 * own rules are `!important` where the page could reach them, which from inside a shadow tree beats everything outside.
 */

export const BASE = `
:host{all:initial!important;display:block!important;position:fixed!important;inset:0 auto auto 0!important;width:0!important;height:0!important;overflow:visible!important;z-index:var(--hg-z,2147483000)!important}
:host([data-inline]){position:static!important;width:auto!important;height:auto!important;z-index:auto!important}
*,::backdrop{box-sizing:border-box;margin:0;padding:0}
.hg{--surface:#fff;--text:#13161c;--soft:#525b69;--line:#13161c1f;--hover:#13161c0d;--shadow:0 0 0 1px #13161c12,0 2px 6px #13161c0f,0 16px 40px #13161c29;color:var(--text);font:400 15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;text-align:start;color-scheme:light;-webkit-text-size-adjust:100%;overflow-wrap:anywhere}
.hg.dark{--surface:#1d2027;--text:#f3f5f8;--soft:#b0b8c5;--line:#ffffff24;--hover:#ffffff14;--shadow:0 0 0 1px #ffffff1a,0 16px 48px #0009;color-scheme:dark}
.hg[popover]{position:fixed;inset:0 auto auto 0;width:0;height:0;border:0;background:none;overflow:visible}
h2{font-size:17px;line-height:1.3;font-weight:650;letter-spacing:-.01em;text-wrap:balance}
p{color:var(--soft);text-wrap:pretty}
button{font:inherit;color:inherit;background:none;border:1px solid transparent;cursor:pointer;-webkit-tap-highlight-color:transparent}
:focus-visible{outline:2px solid var(--ink);outline-offset:2px}
[tabindex="-1"]:focus{outline:none}
.drawing{width:24px;height:24px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round;display:block;flex:none}
.card{background:var(--surface);color:var(--text);border:1px solid transparent;border-radius:18px;box-shadow:var(--shadow);padding:20px;width:384px;max-width:calc(100vw - 24px);max-height:calc(100dvh - 24px);overflow:auto;overscroll-behavior:contain}
.head{display:flex;gap:14px;align-items:flex-start}
.words{flex:1;align-self:center;min-width:0;display:grid;gap:4px}
.sign{width:46px;height:46px;border-radius:13px;flex:none;display:grid;place-items:center;overflow:hidden;color:var(--ink);background:var(--hover);background:color-mix(in srgb,var(--accent) 13%,var(--surface))}
.sign img{width:100%;height:100%;object-fit:cover;display:block}
.x{flex:none;width:32px;height:32px;margin:-8px;margin-inline-start:0;border-radius:50%;display:grid;place-items:center;color:var(--soft)}
.x .drawing{width:18px;height:18px}
.row{display:flex;flex-wrap:wrap;gap:8px;justify-content:flex-end;margin-top:18px}
.main,.quiet{min-height:44px;padding:8px 18px;border-radius:12px;font-weight:600;max-width:100%}
.main{background:var(--accent);color:var(--on)}
.quiet{color:var(--soft)}
.said{margin-top:12px}.said:empty{display:none}
.heard{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
[aria-disabled=true]{opacity:.55;cursor:default}
@media(hover:hover){.quiet:hover,.x:hover{background:var(--hover);color:var(--text)}.main:hover{box-shadow:inset 0 0 0 99px #8882}}
.at{position:fixed}
.at[data-at^=top]{top:calc(20px + env(safe-area-inset-top))}
.at[data-at^=bottom]{bottom:calc(20px + env(safe-area-inset-bottom))}
.at[data-at$=left]{left:calc(20px + env(safe-area-inset-left))}
.at[data-at$=right]{right:calc(20px + env(safe-area-inset-right))}
.at[data-at=top],.at[data-at=bottom]{left:0;right:0;margin-inline:auto}
@media(max-width:480px){.card.at{left:12px!important;right:12px!important;width:auto;margin-inline:auto}.card.at[data-at^=bottom]{bottom:calc(12px + env(safe-area-inset-bottom))}.row .main,.row .quiet{flex:1 0 auto}}
@media(prefers-reduced-motion:no-preference){.card,.pop{animation:in .32s cubic-bezier(.2,.9,.3,1)}@keyframes in{from{opacity:0;transform:translateY(14px)}}.main,.quiet,.x{transition:background .15s,color .15s,box-shadow .15s}}
@media(forced-colors:active){.card,.main,.quiet,.x{border-color:ButtonBorder}}
`;

/** A modal dialog in the middle, its backdrop, and the column that its content makes. */
export const MODAL = `
dialog.card{position:fixed;inset:0;margin:auto;height:fit-content;width:420px;padding:28px}
dialog::backdrop{background:#0b0d1280}
@media(prefers-reduced-motion:no-preference){dialog::backdrop{animation:fade .2s}@keyframes fade{from{opacity:0}}}
`;
