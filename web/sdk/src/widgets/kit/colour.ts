/** Accent colours that can be read: contrast as WCAG 2.2 (1.4.3, 1.4.11) measures it. */

type Rgb = readonly [number, number, number];

const parse = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
const format = (rgb: Rgb): string => "#" + rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("");

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** 1 (the same) to 21 (black on white). */
export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(parse(one)), luminance(parse(other))].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/**
 * The accent, moved towards white or black until it stands out from `surface` (3:1), and white or black for what is
 * written on it, whichever can be read (one of them always reaches 4.5:1).
 */
export function shades(accent: string, surface: string): { readonly accent: string; readonly on: string } {
  const dark = contrast(surface, "#ffffff") > contrast(surface, "#000000");
  const towards = dark ? 255 : 0;
  let rgb = parse(accent);
  while (contrast(format(rgb), surface) < 3) rgb = rgb.map((part) => part + (towards - part) * 0.1) as unknown as Rgb;
  const found = format(rgb);
  return { accent: found, on: contrast(found, "#ffffff") >= 4.5 ? "#ffffff" : "#000000" };
}
