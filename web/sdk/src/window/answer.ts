/** What the window tells the page that opened it: one message, to one origin. */

export type Result = "subscribed" | "denied" | "dismissed" | "unsupported";

export interface Answer {
  readonly heliograph: "window";
  /** The one-time state that the page was given: so it knows that the answer is to its own question. */
  readonly state: string;
  readonly result: Result;
}

export function isAnswer(data: unknown, state: string): data is Answer {
  const answer = data as Partial<Answer> | null | undefined;
  return answer?.heliograph === "window" && answer.state === state && /^[a-z]{1,20}$/.test(String(answer.result));
}
