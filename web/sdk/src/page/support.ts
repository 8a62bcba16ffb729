/** Whether this browser can receive web push here, and why not. Pure, so that every case can be listed in a test. */

import type { ErrorCode } from "../shared/errors";

export interface Facts {
  readonly secure: boolean;
  readonly worker: boolean;
  readonly push: boolean;
  readonly notification: boolean;
  readonly userAgent: string;
  readonly touchPoints: number;
  readonly standalone: boolean;
}

export type Unsupported = Extract<ErrorCode, "unsupported" | "insecure" | "ios-needs-home-screen">;

export const DETAIL: Readonly<Record<Unsupported, string>> = {
  unsupported: "this browser cannot receive web push (or not in a private window or inside a frame)",
  insecure: "web push needs https; http works on localhost only",
  "ios-needs-home-screen":
    "on iPhone and iPad, web push needs iOS 16.4 or later, and the site added to the home screen and opened from there",
};

/** Null when web push can work. */
export function obstacle(facts: Facts): Unsupported | null {
  const { secure, worker, push, notification, userAgent, touchPoints, standalone } = facts;
  if (worker && push && notification) return null;
  if (!secure) return "insecure";
  // An iPad calls itself a Mac, but no Mac has a touch screen.
  const ios = /iP(hone|ad|od)/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1);
  return ios && !standalone ? "ios-needs-home-screen" : "unsupported";
}

export function look(window: Window): Facts {
  const { navigator } = window;
  return {
    secure: window.isSecureContext,
    worker: "serviceWorker" in navigator,
    push: "PushManager" in window,
    notification: "Notification" in window,
    userAgent: navigator.userAgent,
    touchPoints: navigator.maxTouchPoints,
    standalone:
      (navigator as { standalone?: boolean }).standalone === true ||
      window.matchMedia("(display-mode: standalone)").matches,
  };
}

/**
 * Asks the person. Must be reached from the click without awaiting anything: Firefox and Safari require the gesture.
 */
export function ask(): Promise<NotificationPermission> {
  return new Promise((resolve, reject) => {
    // Safari before 15 knows only the callback.
    const answer = Notification.requestPermission(resolve) as Promise<NotificationPermission> | undefined;
    answer?.then(resolve, reject);
  });
}
