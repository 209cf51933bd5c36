/** Times, amounts and stages as people read them. */

const STAGES: Record<string, string> = {
  read: "Read the data",
  train: "Train",
  agreement: "Measure agreement",
  confidence: "Measure confidence",
  tags: "Judge tags",
  clusters: "Find clusters",
  map: "Make the map",
  plots: "Draw pictures",
};

export function stageTitle(name: string): string {
  return STAGES[name] ?? name;
}

/** A time: 0.42 s, 8 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A number with three digits and a prefix: 6.4 M, 250 k. */
export function short(value: number): string {
  for (const [limit, prefix] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (Math.abs(value) >= limit) return `${Number((value / limit).toPrecision(3))} ${prefix}`;
  }
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}
