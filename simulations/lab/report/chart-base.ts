const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** Ink and lines follow the page's theme: a CSS variable is a colour like any other. */
const CONFIG = {
  background: "transparent",
  font: FONT,
  view: { stroke: null },
  axis: {
    labelColor: "var(--ink)",
    titleColor: "var(--soft)",
    domainColor: "var(--rule)",
    gridColor: "var(--rule)",
    tickColor: "var(--rule)",
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: 400,
  },
  header: { labelColor: "var(--ink)", titleColor: "var(--soft)", labelFontSize: 13, labelFontWeight: "bold" },
  legend: { labelColor: "var(--ink)", titleColor: "var(--soft)", labelFontSize: 12, labelLimit: 400, symbolSize: 90 },
} as const;

/** What every chart has. */
export const base = { $schema: "https://vega.github.io/schema/vega-lite/v6.json", config: CONFIG } as const;
