// The report's style sheet: readable in light and dark, on a wide screen and on paper.
export const STYLE = `
:root{--bg:#fbfbfa;--card:#fff;--ink:#1c2024;--soft:#666e77;--line:#e3e5e8;--good:#16794c;--bad:#c02b2b;
--c1:#2468c8;--c2:#c77700;--c3:#c0284f;--c4:#6d5bd0;--c5:#8a6d00;--c6:#16837a}
@media (prefers-color-scheme:dark){:root{--bg:#15181b;--card:#1d2125;--ink:#e6e8ea;--soft:#98a1aa;--line:#32383e;--good:#4cc38a;--bad:#ff6b6b;
--c1:#6aa5ff;--c2:#ffb454;--c3:#ff7597;--c4:#a99bff;--c5:#e0c04a;--c6:#4fd1c5}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1200px;padding:28px 24px 40px;background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
h1{font-size:22px;line-height:1.25;margin:0 0 6px}
h2{font-size:15px;margin:0 0 8px}
small,.sub,footer,.none{color:var(--soft)}
.sub{margin:0;font-size:13px}
header{position:relative;padding-right:110px}
.verdict{position:absolute;right:0;top:0;margin:0;padding:4px 14px;border-radius:99px;font-weight:600;color:#fff}
.verdict.good{background:#16794c;color:#fff}.verdict.bad{background:#c02b2b;color:#fff}
.good{color:var(--good)}.bad{color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin:20px 0}
.tile,.two>div,figure{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 16px}
.tile span{display:block;color:var(--soft);font-size:13px}
.tile b{display:block;font-size:26px;line-height:1.3;font-variant-numeric:tabular-nums}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:12px;margin:12px 0;align-items:start}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
td{padding:3px 16px 3px 0;white-space:nowrap;vertical-align:baseline;border-top:1px solid var(--line)}
td:last-child{white-space:normal;width:99%}
tr:first-child td{border-top:0}
td i{font-style:normal;font-weight:700}
pre{overflow:auto;font-size:12px;margin:8px 0 0}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(480px,1fr));gap:12px}
figure{margin:0;break-inside:avoid}
figcaption{display:flex;gap:8px;align-items:baseline;flex-wrap:wrap}
.legend{margin-left:auto;display:flex;gap:12px;font-size:13px;color:var(--soft)}
.legend i{display:inline-block;width:14px;height:3px;margin-right:5px;vertical-align:middle;background:currentColor}
.legend i.limit{height:0;background:none;border-top:2px dashed var(--bad)}
svg{display:block;width:100%;height:auto;margin-top:6px}
svg text{fill:var(--soft);font-size:12px}
svg .grid{stroke:var(--line)}
svg .end{stroke:var(--soft);stroke-dasharray:2 4}
svg .limit{stroke:var(--bad);stroke-dasharray:6 4;stroke-width:1.5}
svg .s{fill:none;stroke:currentColor;stroke-width:1.75;stroke-linejoin:round}
svg circle.s{fill:currentColor}
svg .area{fill:currentColor;stroke:none;opacity:.14}
.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}.c4{color:var(--c4)}.c5{color:var(--c5)}.c6{color:var(--c6)}
footer{margin-top:20px;font-size:13px}
@media (max-width:560px){.two,.plots{grid-template-columns:minmax(0,1fr)}td{white-space:normal;padding-right:10px}}
@media print{body{max-width:none}}
`;
