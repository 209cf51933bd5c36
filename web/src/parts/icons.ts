/** The page's signs, as paths in a box of 24 by 24, drawn as lines. */

const dot = (x: number, y: number, r: number) => `M${x} ${y - r}a${r} ${r} 0 1 0 0 ${2 * r}a${r} ${r} 0 1 0 0-${2 * r}`;

export const ICONS = {
  item: `${dot(12, 12, 8.5)}${dot(12, 12, 2.5)}`,
  basket: "M4 10h16l-1.7 9.2a1 1 0 0 1-1 .8H6.7a1 1 0 0 1-1-.8zM8 10l3-6M16 10l-3-6",
  arithmetic: "M12 4v9M7.5 8.5h9M7.5 18.5h9",
  clusters: `${dot(8, 8, 3.5)}${dot(17.5, 11, 2.5)}${dot(10, 17.5, 3)}`,
  duplicates: "M8.5 8.5h11v11h-11zM15.5 4.5h-11v11",
  compare: "M12 3.5v17M4 8h5M4 12h5M4 16h5M15 6h5M15 12h5M15 18h5",
  training: "M4 4v16h16M7.5 6c1.5 7 5 10 12 10.5",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  up: "M5 15l7-7 7 7",
  down: "M5 9l7 7 7-7",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warning: "M12 4l9 16H3zM12 10.5v4M12 17v.1",
  again: "M19 12a7 7 0 1 1-2.1-5M17 3v4h-4",
  palette: `${dot(12, 12, 8.5)}M8.5 10v.1M12 8v.1M15.5 10v.1`,
  lasso: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  eye: `M2.5 12c3-5 6-6.5 9.5-6.5s6.5 1.5 9.5 6.5c-3 5-6 6.5-9.5 6.5S5.5 17 2.5 12z${dot(12, 12, 2.5)}`,
} as const;

export type IconName = keyof typeof ICONS;
