/**
 * iPhone and iPad: web push works only for a site that was added to the home screen and opened from there. Nothing can
 * do that for the person, so this shows how.
 */

import { offer, type Campaign, type Host } from "../prompt";

const SHARE = [
  "M12 3.5v11M8.2 7 12 3.2 15.8 7",
  "M8.5 10.5H6.8A1.3 1.3 0 0 0 5.5 11.8v7.4a1.3 1.3 0 0 0 1.3 1.3h10.4a1.3 1.3 0 0 0 1.3-1.3v-7.4a1.3 1.3 0 0 0-1.3-1.3h-1.7",
];
const PLUS = ["M6 4h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z", "M12 8.2v7.6M8.2 12h7.6"];
const PHONE = [
  "M8 2.8h8a2 2 0 0 1 2 2v14.4a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V4.8a2 2 0 0 1 2-2Z",
  "M10.5 18.4h3",
  "M12 7.2v5.6M9.2 10h5.6",
];

/** Three steps, and the words of a guide that no campaign has written. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  en: [
    "Tap Share in the browser’s bar",
    "Choose “Add to Home Screen”",
    "Open the site from the new icon",
    "Get notifications here",
    "On iPhone and iPad they need the site on your Home Screen.",
    "Got it",
  ],
  de: [
    "In der Leiste des Browsers auf „Teilen“ tippen",
    "„Zum Home-Bildschirm“ wählen",
    "Die Seite über das neue Symbol öffnen",
    "Hier Benachrichtigungen bekommen",
    "Auf iPhone und iPad muss die Seite dafür auf den Home-Bildschirm.",
    "Verstanden",
  ],
  fr: [
    "Touchez Partager dans la barre du navigateur",
    "Choisissez « Sur l’écran d’accueil »",
    "Ouvrez le site depuis la nouvelle icône",
    "Recevoir des notifications ici",
    "Sur iPhone et iPad, le site doit être sur l’écran d’accueil.",
    "Compris",
  ],
  es: [
    "Toque Compartir en la barra del navegador",
    "Elija «Añadir a pantalla de inicio»",
    "Abra el sitio desde el nuevo icono",
    "Recibir notificaciones aquí",
    "En iPhone y iPad, el sitio debe estar en la pantalla de inicio.",
    "Entendido",
  ],
  ru: [
    "Нажмите «Поделиться» в панели браузера",
    "Выберите «На экран „Домой“»",
    "Откройте сайт с новой иконки",
    "Получать уведомления здесь",
    "На iPhone и iPad для этого сайт нужен на экране «Домой».",
    "Понятно",
  ],
};

const LIST = `
ol{list-style:none;display:grid;gap:2px;margin-top:16px}
li{display:flex;gap:14px;align-items:center;min-height:46px;color:var(--text)}
li+li{border-top:1px solid var(--line)}
li .drawing{color:var(--ink)}
`;

offer("home-screen", ({ drawing, el, languageOf, labels, makeCard, makeShell }) => ({
  show(asked: Host) {
    const language = languageOf(STEPS, asked.campaign.language);
    const steps = STEPS[language]!;
    const [title, body, accept] = steps.slice(3);
    const texts = { title, body, accept, ...asked.campaign.texts };
    // Our own words may be in another language than the campaign's.
    const own = texts.title === title;
    const campaign: Campaign = { ...asked.campaign, texts, ...(own ? { language, direction: "ltr" } : {}) };
    const host: Host = { ...asked, campaign };
    const shell = makeShell(campaign, LIST);
    const middle = el(
      "ol",
      { lang: language, dir: "ltr" },
      ...steps.slice(0, 3).map((step, at) => el("li", {}, drawing(...[SHARE, PLUS, PHONE][at]!), el("span", {}, step))),
    );
    const card = makeCard(host, {
      middle,
      paths: PHONE,
      // Nothing to accept here: the only button says that it was read.
      accept: async () => "dismissed",
      laterText: null,
    });
    // Beside the browser's own bar, where the first step is.
    const dialog = el(
      "div",
      {
        class: "card at",
        role: "dialog",
        tabindex: "-1",
        "data-at": campaign.look?.position?.startsWith("top") ? "top" : "bottom",
        ...labels(host),
      },
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
