/**
 * How a rule's line looks, in the terminal and in the report: told apart by shape as well as by colour. The colours
 * are those of Okabe and Ito ("Color universal design", 2008), lightened for dark backgrounds.
 */
export interface SeriesStyle {
  /** Marks the line's points in the terminal. */
  readonly glyph: string;
  /** Index into the 256 colours of a terminal. */
  readonly terminalColor: number;
  readonly light: string;
  readonly dark: string;
  /** The marker as an SVG path about the origin, some 8 units wide. */
  readonly marker: string;
  /** SVG stroke-dasharray; empty for a solid line. */
  readonly dashes: string;
}

const CIRCLE = "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z";
const TRIANGLE = "M0 -5L4.8 3.6L-4.8 3.6z";
const SQUARE = "M-3.7 -3.7H3.7V3.7H-3.7z";
const DIAMOND = "M0 -5.2L5.2 0L0 5.2L-5.2 0z";
const REVERSED = "M0 5L4.8 -3.6L-4.8 -3.6z";
const PLUS = "M-1.7 -5H1.7V-1.7H5V1.7H1.7V5H-1.7V1.7H-5V-1.7H-1.7z";

const STYLES: readonly [SeriesStyle, ...SeriesStyle[]] = [
  { glyph: "●", terminalColor: 208, light: "#c4500a", dark: "#ff9a4d", marker: CIRCLE, dashes: "" },
  { glyph: "▲", terminalColor: 39, light: "#0068a8", dark: "#5db8f5", marker: TRIANGLE, dashes: "7 4" },
  { glyph: "■", terminalColor: 36, light: "#00785a", dark: "#35cfa2", marker: SQUARE, dashes: "" },
  { glyph: "◆", terminalColor: 175, light: "#a8447f", dark: "#eb9cc7", marker: DIAMOND, dashes: "2 4" },
  { glyph: "▼", terminalColor: 178, light: "#8a6400", dark: "#f0c04a", marker: REVERSED, dashes: "10 4 2 4" },
  { glyph: "✚", terminalColor: 81, light: "#2b6f99", dark: "#8fd3ff", marker: PLUS, dashes: "4 2" },
  { glyph: "○", terminalColor: 250, light: "#555555", dark: "#c9c9c9", marker: CIRCLE, dashes: "1 3" },
  { glyph: "△", terminalColor: 141, light: "#6a4fb3", dark: "#b9a5f7", marker: TRIANGLE, dashes: "12 4" },
];

/** @param index position of the rule in the demo */
export function seriesStyle(index: number): SeriesStyle {
  return STYLES[index % STYLES.length] ?? STYLES[0];
}
