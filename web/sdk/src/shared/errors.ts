/** Every way a call of the SDK can fail, as one error class with a stable code. */

export type ErrorCode =
  | "unsupported" // this browser cannot receive web push at all
  | "insecure" // the page is not https (or localhost)
  | "ios-needs-home-screen" // iPhone and iPad: only from an icon on the home screen
  | "denied" // the person, or the browser for them, said no
  | "dismissed" // the question was closed without an answer
  | "misconfigured" // the script tag or the call is wrong
  | "worker" // the service worker file could not be registered or did not start
  | "subscribe" // the browser or its push service refused the subscription
  | "timeout" // something that should answer did not
  | "network" // Heliograph could not be reached
  | "refused" // Heliograph answered with a problem; see `status` and `problem`
  | "not-subscribed" // the call needs a subscription and there is none
  | "unknown-command"
  | "internal"; // a fault of ours

export class HeliographError extends Error {
  override readonly name = "HeliographError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** HTTP status of Heliograph's answer, 0 when there was none. */
    readonly status = 0,
    /** The `code` of Heliograph's problem document. */
    readonly problem = "",
  ) {
    super(message);
  }
}

/** Anything thrown, as a HeliographError; what is one already passes through. */
export function explained(thrown: unknown, code: ErrorCode, what: string): HeliographError {
  return thrown instanceof HeliographError ? thrown : new HeliographError(code, `${what}: ${String(thrown)}`);
}
