/** The few words of our own, for what a campaign's texts leave open. Others fall back to English. */

const WORDS = {
  en: ["Close", "That did not work. Please try again.", "Turn off", "Notifications are on", "Allow notifications"],
  de: [
    "Schließen",
    "Das hat nicht geklappt. Bitte noch einmal.",
    "Ausschalten",
    "Benachrichtigungen sind an",
    "Benachrichtigungen erlauben",
  ],
  fr: [
    "Fermer",
    "Cela n’a pas marché. Veuillez réessayer.",
    "Désactiver",
    "Les notifications sont activées",
    "Autoriser les notifications",
  ],
  es: [
    "Cerrar",
    "No ha funcionado. Inténtelo de nuevo.",
    "Desactivar",
    "Las notificaciones están activadas",
    "Permitir notificaciones",
  ],
  ru: ["Закрыть", "Не получилось. Попробуйте ещё раз.", "Отключить", "Уведомления включены", "Разрешить уведомления"],
} as const;

const NAMES = ["close", "failed", "off", "on", "allow"] as const;

/** The language of a table that fits a tag ("de-AT" → de), else English. All of ours are written from left to right. */
export function languageOf(table: Readonly<Record<string, unknown>>, tag: string | null | undefined): string {
  const primary = (tag ?? "").toLowerCase().split("-")[0] ?? "";
  return Object.prototype.hasOwnProperty.call(table, primary) ? primary : "en";
}

export const word = (name: (typeof NAMES)[number], tag: string | null | undefined): string =>
  (WORDS as Readonly<Record<string, readonly string[]>>)[languageOf(WORDS, tag)]![NAMES.indexOf(name)]!;
