/** The page's colours by name, in the light theme and in the dark one. */
export const LIGHT = { ink: "#1b1f24", soft: "#59616b", rule: "#dfe3e8", paper: "#ffffff", card: "#f4f6f8" } as const;
const DARK = { ink: "#e8eaed", soft: "#9aa3ae", rule: "#30363d", paper: "#111418", card: "#191e24" } as const;

const variables = (theme: Readonly<Record<string, string>>) =>
  Object.entries(theme)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join("");

/** At most so wide is a phone: charts are shown in their narrow form, and a row of a table is a block of lines. */
const PHONE = "(max-width:640px)";

/** Light and dark by the reader's own setting; one column on a phone, where nothing scrolls sideways. */
export const STYLE_SHEET = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:960px;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:clamp(1.5rem,5vw,2.2rem);line-height:1.15;letter-spacing:-.02em;margin:0 0 .75rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:3rem 0 .4rem}
h3{font-size:1rem;margin:1.75rem 0 .25rem}
p{margin:.4rem 0 1rem;max-width:44em}
.lede{font-size:1.1rem;color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:.75rem;padding:0;margin:1.5rem 0 0;list-style:none}
.card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:.9rem 1rem}
.card b{display:block;font-size:1.9rem;font-weight:650;letter-spacing:-.03em;line-height:1.25;font-variant-numeric:tabular-nums}
.card span{color:var(--soft);font-size:.92rem}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
.scroll svg{display:block;height:auto}
.narrow{display:none}
.scroll,.narrow{margin-top:.75rem}
.narrow svg{display:block;margin-top:.6rem;max-width:100%;height:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.93rem}
th,td{text-align:right;padding:.4rem .6rem;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}
td.words{white-space:normal;min-width:15em}
th{color:var(--soft);font-weight:500;white-space:normal;vertical-align:bottom}
tr.bad td{color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.25rem;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--soft);margin-top:1.25rem}
pre{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:.8rem 1rem;overflow-x:auto;font-size:.88rem}
.wrap{white-space:pre-wrap}
code{font-size:.92em;overflow-wrap:anywhere}
.note{color:var(--soft);font-size:.92rem}
@media ${PHONE}{
.wide{display:none}.narrow{display:block}
main{padding-top:1.5rem}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
thead{display:none}
table,tbody,tr,td{display:block}
tr{border-bottom:1px solid var(--rule);padding:.6rem 0}
td,td:first-child,td.words{display:flex;justify-content:space-between;gap:1rem;padding:.1rem 0;border:0;white-space:normal;min-width:0;overflow-wrap:anywhere;text-align:right}
td::before{content:attr(data-label);color:var(--soft);text-align:left;overflow-wrap:normal;flex:none;max-width:50%}
td:first-child{font-weight:600}
td:first-child::before{font-weight:400}
}
@media print{details{display:block}details>*{display:block}}
`.trim();
