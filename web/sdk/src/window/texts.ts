/** What the window says, by language. `{0}` is the site that opened it; in `body`, the host that will be the sender. */

interface Texts {
  readonly title: string;
  readonly body: string;
  readonly yes: string;
  readonly no: string;
  readonly done: string;
  readonly lost: string;
  readonly lostBody: string;
  readonly failed: string;
  readonly unsupported: string;
  readonly close: string;
}

export const TEXTS: Readonly<Record<string, Texts>> = {
  en: {
    title: "Notifications from {0}?",
    body: "Your browser asks once more. They come from {0}, and you can switch them off at any time.",
    yes: "Allow",
    no: "Not now",
    done: "Notifications are on",
    lost: "This window does not belong to a page",
    lostBody: "It was opened too long ago, or by hand. Go back to the site and open it from there.",
    failed: "That did not work. Please try again later.",
    unsupported: "This browser cannot receive notifications here.",
    close: "Close",
  },
  de: {
    title: "Benachrichtigungen von {0}?",
    body: "Ihr Browser fragt noch einmal nach. Sie kommen von {0} und lassen sich jederzeit abschalten.",
    yes: "Erlauben",
    no: "Jetzt nicht",
    done: "Benachrichtigungen sind an",
    lost: "Dieses Fenster gehört zu keiner Seite",
    lostBody: "Es wurde vor zu langer Zeit oder von Hand geöffnet. Öffnen Sie es bitte von der Seite aus.",
    failed: "Das hat nicht geklappt. Bitte versuchen Sie es später noch einmal.",
    unsupported: "Dieser Browser kann hier keine Benachrichtigungen empfangen.",
    close: "Schließen",
  },
  fr: {
    title: "Des notifications de {0} ?",
    body: "Votre navigateur demandera une confirmation. Elles viennent de {0} et se désactivent à tout moment.",
    yes: "Autoriser",
    no: "Pas maintenant",
    done: "Les notifications sont activées",
    lost: "Cette fenêtre n’appartient à aucune page",
    lostBody: "Elle a été ouverte il y a trop longtemps ou à la main. Ouvrez-la depuis le site.",
    failed: "Cela n’a pas fonctionné. Réessayez plus tard.",
    unsupported: "Ce navigateur ne peut pas recevoir de notifications ici.",
    close: "Fermer",
  },
  es: {
    title: "¿Notificaciones de {0}?",
    body: "Su navegador se lo preguntará otra vez. Vienen de {0} y puede desactivarlas cuando quiera.",
    yes: "Permitir",
    no: "Ahora no",
    done: "Las notificaciones están activadas",
    lost: "Esta ventana no pertenece a ninguna página",
    lostBody: "Se abrió hace demasiado tiempo o a mano. Ábrala desde el sitio.",
    failed: "No ha funcionado. Inténtelo más tarde.",
    unsupported: "Este navegador no puede recibir notificaciones aquí.",
    close: "Cerrar",
  },
  ru: {
    title: "Уведомления от {0}?",
    body: "Браузер спросит ещё раз. Они приходят от {0}, и их можно отключить в любой момент.",
    yes: "Разрешить",
    no: "Не сейчас",
    done: "Уведомления включены",
    lost: "Это окно не связано ни с одной страницей",
    lostBody: "Оно открыто слишком давно или вручную. Откройте его с сайта.",
    failed: "Не получилось. Попробуйте позже.",
    unsupported: "Этот браузер не может получать здесь уведомления.",
    close: "Закрыть",
  },
};

/** Texts of the first language that there are any of. */
export function textsFor(languages: readonly string[]): readonly [language: string, texts: Texts] {
  for (const language of languages) {
    const base = language.split("-")[0]!.toLowerCase();
    const found = TEXTS[base];
    if (found) return [base, found];
  }
  return ["en", TEXTS["en"]!];
}

export const filled = (text: string, ...values: string[]): string =>
  text.replace(/\{(\d)\}/g, (_, index: string) => values[Number(index)] ?? "");
