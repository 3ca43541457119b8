import { seriesStyle } from "../series.ts";

/** The report's style sheet: light and dark by the reader's own setting, one column on a phone. */
export function styleSheet(numSeries: number): string {
  const indices = Array.from({ length: numSeries }, (_, index) => index);
  const colors = (theme: "light" | "dark") => indices.map((i) => `--s${i}:${seriesStyle(i)[theme]};`).join("");
  const series = indices.map((i) => `.s${i}{color:var(--s${i})}`).join("\n");
  return `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59616b;--rule:#dfe3e8;--paper:#fff;--card:#f6f7f9;${colors("light")}}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#9aa3ae;--rule:#30363d;--paper:#111418;--card:#191e24;${colors("dark")}}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:820px;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:clamp(1.6rem,5vw,2.3rem);line-height:1.15;letter-spacing:-.02em;margin:0 0 .75rem}
h2{font-size:1.1rem;margin:2.75rem 0 .75rem}
.lede{font-size:1.12rem;color:var(--soft);margin:0 0 2rem;max-width:42em}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:.75rem;padding:0;margin:0;list-style:none}
.card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:1rem 1.1rem}
.card .name{display:flex;align-items:center;gap:.5rem;font-weight:600;overflow-wrap:anywhere}
.card .name svg{width:14px;height:14px;flex:none}
.card .figure{font-size:2.1rem;font-weight:650;letter-spacing:-.03em;line-height:1.3;font-variant-numeric:tabular-nums;color:var(--ink)}
.card .bar{display:block;height:6px;border-radius:3px;background:var(--rule);overflow:hidden}
.card .bar i{display:block;height:100%;background:currentColor}
.card small{display:block;margin-top:.5rem;color:var(--soft)}
figure{margin:2rem 0 0}
figcaption{color:var(--soft);font-size:.9rem;margin-top:.25rem}
.chart{display:block;width:100%;height:auto;font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.chart.narrow{display:none}
.chart .grid{stroke:var(--rule)}
.chart .tick{fill:var(--soft)}
.chart .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
.chart .marks{fill:currentColor;stroke:var(--paper);stroke-width:1}
.chart .end{fill:currentColor;font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.95rem}
th,td{text-align:right;padding:.45rem .6rem;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}
th{color:var(--soft);font-weight:500;white-space:normal}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.25rem;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--soft);margin-top:2rem}
pre{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:.8rem 1rem;white-space:pre-wrap;font-size:.9rem}
.note{color:var(--soft);font-size:.92rem;border-top:1px solid var(--rule);margin-top:3rem;padding-top:1.25rem}
${series}
@media (max-width:560px){.chart.wide{display:none}.chart.narrow{display:block}main{padding-top:1.5rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}
`.trim();
}
