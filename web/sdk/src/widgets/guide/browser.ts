/** Which browser's settings a person has before them; relatives of Chrome have its menus. */

export type Family = "chrome" | "edge" | "firefox" | "safari" | "android" | "fenix" | "ios";

export function familyOf(userAgent: string, touchPoints: number): Family {
  const has = (pattern: RegExp) => pattern.test(userAgent);
  // An iPad calls itself a Mac, but no Mac has a touch screen.
  if (has(/iP(hone|ad|od)/) || (has(/Macintosh/) && touchPoints > 1)) return "ios";
  if (has(/Firefox\//)) return has(/Android/) ? "fenix" : "firefox";
  if (has(/Android/)) return "android";
  if (has(/Edg\//)) return "edge";
  return has(/Safari\//) && !has(/Chrom(e|ium)\//) ? "safari" : "chrome";
}
