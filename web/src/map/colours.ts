/** Colours of items and grounds, the same as the printed pictures' (src/firth/theme.py); a test holds both equal. */

export interface Theme {
  paper: string;
  ink: string;
  inkSoft: string;
  /** One colour a category, in this order. Where there are more categories, the rest share `other`. */
  categories: readonly string[];
  other: string;
  missing: string;
  /** Stops of a scale from little to much. */
  sequential: readonly string[];
}

export const LIGHT: Theme = {
  paper: "#ffffff",
  ink: "#1a1c1f",
  inkSoft: "#5b6068",
  categories: [
    "#116bb5",
    "#ea5202",
    "#194d0a",
    "#95033a",
    "#552f86",
    "#ca358b",
    "#519741",
    "#8f54dc",
    "#965719",
    "#5392fc",
  ],
  other: "#8d939b",
  missing: "#d5d8dc",
  sequential: ["#7ac043", "#35a878", "#1f8a8c", "#2c6b8e", "#3b4a87", "#45226f", "#2d0b3f"],
};

export const DARK: Theme = {
  paper: "#15171a",
  ink: "#eceef1",
  inkSoft: "#a3a9b3",
  categories: [
    "#4dcafe",
    "#f3b57f",
    "#96fac0",
    "#d34c63",
    "#a45dc8",
    "#ffd2fc",
    "#8fc039",
    "#c999ce",
    "#c48501",
    "#478ef6",
  ],
  other: "#7d848d",
  missing: "#3f444c",
  sequential: ["#3a4f8f", "#3b6fa3", "#3a8fa6", "#41ad9a", "#6cc77f", "#a9dc66", "#e9ec6b"],
};

export type Rgb = readonly [number, number, number];

/** Return red, green and blue from 0 to 255. */
export function parse(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Return the colour at a place from 0 to 1 of a scale. */
export function along(stops: readonly string[], place: number): Rgb {
  const at = Math.min(1, Math.max(0, place)) * (stops.length - 1);
  const from = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [parse(stops[from] ?? "#000000"), parse(stops[from + 1] ?? "#000000")];
  const mixed = (channel: 0 | 1 | 2): number => Math.round(a[channel] + (b[channel] - a[channel]) * (at - from));
  return [mixed(0), mixed(1), mixed(2)];
}
