/**
 * How to allow notifications again, by language and browser family. The names of menus are those that the browsers
 * use in that language (2026).
 */

import type { Family } from "./browser";

interface Texts extends Readonly<Record<Family, readonly string[]>> {
  readonly title: string;
  readonly body: string;
  readonly sign: string;
  readonly done: string;
}

export const TEXTS: Readonly<Record<string, Texts>> = {
  en: {
    title: "Notifications are blocked",
    body: "Your browser does not let this site send any. You can change that:",
    sign: "Notifications",
    done: "Got it",
    chrome: ["Click the settings symbol on the left of the address", "Switch “Notifications” on"],
    edge: [
      "Click the lock on the left of the address",
      "Choose “Permissions for this site”",
      "Set “Notifications” to “Allow”",
    ],
    firefox: [
      "Click the crossed-out symbol on the left of the address",
      "Remove the block of “Send notifications”",
      "Reload the page",
    ],
    safari: ["Open Safari’s settings and “Websites”", "Choose “Notifications” on the left", "Set this site to “Allow”"],
    android: ["Tap the symbol on the left of the address", "Tap “Permissions”", "Switch “Notifications” on"],
    fenix: ["Tap the lock beside the address", "Set “Notifications” to “Allowed”", "Reload the page"],
    ios: ["Open the Settings app and “Notifications”", "Choose this app", "Switch “Allow Notifications” on"],
  },
  de: {
    title: "Benachrichtigungen sind blockiert",
    body: "Ihr Browser lässt diese Seite keine senden. Das lässt sich ändern:",
    sign: "Benachrichtigungen",
    done: "Verstanden",
    chrome: ["Links neben der Adresse auf das Symbol für Einstellungen klicken", "„Benachrichtigungen“ einschalten"],
    edge: [
      "Links neben der Adresse auf das Schloss klicken",
      "„Berechtigungen für diese Website“ wählen",
      "„Benachrichtigungen“ auf „Zulassen“ stellen",
    ],
    firefox: [
      "Links neben der Adresse auf das durchgestrichene Symbol klicken",
      "Die Sperre bei „Benachrichtigungen senden“ entfernen",
      "Die Seite neu laden",
    ],
    safari: [
      "Safaris Einstellungen öffnen, dann „Websites“",
      "Links „Mitteilungen“ wählen",
      "Diese Seite auf „Erlauben“ stellen",
    ],
    android: [
      "Links neben der Adresse auf das Symbol tippen",
      "Auf „Berechtigungen“ tippen",
      "„Benachrichtigungen“ einschalten",
    ],
    fenix: [
      "Neben der Adresse auf das Schloss tippen",
      "„Benachrichtigungen“ auf „Erlaubt“ stellen",
      "Die Seite neu laden",
    ],
    ios: [
      "Die App „Einstellungen“ öffnen, dann „Mitteilungen“",
      "Diese App wählen",
      "„Mitteilungen erlauben“ einschalten",
    ],
  },
  fr: {
    title: "Les notifications sont bloquées",
    body: "Votre navigateur n’en laisse pas envoyer à ce site. Vous pouvez changer cela :",
    sign: "Notifications",
    done: "Compris",
    chrome: ["Cliquez sur le symbole des paramètres à gauche de l’adresse", "Activez « Notifications »"],
    edge: [
      "Cliquez sur le cadenas à gauche de l’adresse",
      "Choisissez « Autorisations pour ce site »",
      "Réglez « Notifications » sur « Autoriser »",
    ],
    firefox: [
      "Cliquez sur le symbole barré à gauche de l’adresse",
      "Retirez le blocage de « Envoyer des notifications »",
      "Rechargez la page",
    ],
    safari: [
      "Ouvrez les réglages de Safari, puis « Sites web »",
      "Choisissez « Notifications » à gauche",
      "Réglez ce site sur « Autoriser »",
    ],
    android: ["Touchez le symbole à gauche de l’adresse", "Touchez « Autorisations »", "Activez « Notifications »"],
    fenix: ["Touchez le cadenas près de l’adresse", "Réglez « Notifications » sur « Autorisé »", "Rechargez la page"],
    ios: [
      "Ouvrez l’app Réglages, puis « Notifications »",
      "Choisissez cette app",
      "Activez « Autoriser les notifications »",
    ],
  },
  es: {
    title: "Las notificaciones están bloqueadas",
    body: "Su navegador no deja que este sitio las envíe. Puede cambiarlo:",
    sign: "Notificaciones",
    done: "Entendido",
    chrome: ["Haga clic en el símbolo de ajustes a la izquierda de la dirección", "Active «Notificaciones»"],
    edge: [
      "Haga clic en el candado a la izquierda de la dirección",
      "Elija «Permisos para este sitio»",
      "Ponga «Notificaciones» en «Permitir»",
    ],
    firefox: [
      "Haga clic en el símbolo tachado a la izquierda de la dirección",
      "Quite el bloqueo de «Enviar notificaciones»",
      "Vuelva a cargar la página",
    ],
    safari: [
      "Abra los ajustes de Safari y «Sitios web»",
      "Elija «Notificaciones» a la izquierda",
      "Ponga este sitio en «Permitir»",
    ],
    android: ["Toque el símbolo a la izquierda de la dirección", "Toque «Permisos»", "Active «Notificaciones»"],
    fenix: [
      "Toque el candado junto a la dirección",
      "Ponga «Notificaciones» en «Permitido»",
      "Vuelva a cargar la página",
    ],
    ios: ["Abra la app Ajustes y «Notificaciones»", "Elija esta app", "Active «Permitir notificaciones»"],
  },
  ru: {
    title: "Уведомления заблокированы",
    body: "Браузер не разрешает этому сайту их присылать. Это можно изменить:",
    sign: "Уведомления",
    done: "Понятно",
    chrome: ["Нажмите значок настроек слева от адреса", "Включите «Уведомления»"],
    edge: [
      "Нажмите замок слева от адреса",
      "Выберите «Разрешения для этого сайта»",
      "Для «Уведомления» выберите «Разрешить»",
    ],
    firefox: [
      "Нажмите перечёркнутый значок слева от адреса",
      "Снимите запрет «Отправлять уведомления»",
      "Обновите страницу",
    ],
    safari: [
      "Откройте настройки Safari, раздел «Веб-сайты»",
      "Слева выберите «Уведомления»",
      "Для этого сайта выберите «Разрешить»",
    ],
    android: ["Нажмите значок слева от адреса", "Нажмите «Разрешения»", "Включите «Уведомления»"],
    fenix: ["Нажмите замок рядом с адресом", "Для «Уведомления» выберите «Разрешено»", "Обновите страницу"],
    ios: ["Откройте «Настройки», раздел «Уведомления»", "Выберите это приложение", "Включите «Допуск уведомлений»"],
  },
};
