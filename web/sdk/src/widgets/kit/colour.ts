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

export interface Shades {
  /** For surfaces and outlines: 3:1 against what is around it. */
  readonly accent: string;
  /** White or black, for what is written on the accent: one of them always reaches 4.5:1. */
  readonly on: string;
  /** For drawings on a tint of the accent: 4.5:1 against the surface itself. */
  readonly ink: string;
}

/** Shades of an accent colour that can be read on `surface`, moved towards white or black as far as that takes. */
export function shades(accent: string, surface: string): Shades {
  const dark = contrast(surface, "#ffffff") > contrast(surface, "#000000");
  const towards = dark ? 255 : 0;
  const until = (least: number) => {
    let rgb = parse(accent);
    while (contrast(format(rgb), surface) < least)
      rgb = rgb.map((part) => part + (towards - part) * 0.1) as unknown as Rgb;
    return format(rgb);
  };
  const found = until(3);
  return { accent: found, on: contrast(found, "#ffffff") >= 4.5 ? "#ffffff" : "#000000", ink: until(4.5) };
}
