/** The few words of our own, for what a campaign's texts leave open. Others fall back to English. */

const WORDS = {
  en: ["Close", "That did not work. Please try again.", "Turn off", "Notifications are on", "Allow notifications"],
  de: ["Schließen", "Das hat nicht geklappt. Bitte noch einmal.", "Ausschalten", "Benachrichtigungen sind an", "Benachrichtigungen erlauben"],
  fr: ["Fermer", "Cela n’a pas marché. Veuillez réessayer.", "Désactiver", "Les notifications sont activées", "Autoriser les notifications"],
  es: ["Cerrar", "No ha funcionado. Inténtelo de nuevo.", "Desactivar", "Las notificaciones están activadas", "Permitir notificaciones"],
  ru: ["Закрыть", "Не получилось. Попробуйте ещё раз.", "Отключить", "Уведомления включены", "Разрешить уведомления"],
} as const;

const NAMES = ["close", "failed", "off", "on", "allow"] as const;

/** The member of a table by language that fits a tag ("de-AT" → de), else the English one. */
export function inLanguage<T>(table: Readonly<Record<string, T>>, tag: string | null | undefined): T {
  const primary = (tag ?? "").toLowerCase().split("-")[0] ?? "";
  return Object.prototype.hasOwnProperty.call(table, primary) ? (table[primary] as T) : (table["en"] as T);
}

export const word = (name: (typeof NAMES)[number], tag: string | null | undefined): string =>
  inLanguage<readonly string[]>(WORDS, tag)[NAMES.indexOf(name)] as string;
