"""The look of the HTML report: one style sheet, light and dark by the reader's preference."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2230;--soft:#566073;--line:#dde2ea;--before:#8a97ad;
--before-fill:#c9d1de;--now:#c2410c;--now-fill:#c2410c26;--good:#15703c;--bad:#b42318;--warn:#8a5a00;--track:#eceff4;
--mark:#1b2230;--band:#c2410c1f;--yes:#fdece8;--no:#e8f3ec;--held:#fbf3df}
@media(prefers-color-scheme:dark){:root{--page:#0f131a;--card:#171d27;--ink:#e7ebf2;--soft:#9aa6ba;--line:#2b3443;
--before:#8795ad;--before-fill:#39455a;--now:#fb923c;--now-fill:#fb923c2e;--good:#5fce8d;--bad:#ff8f85;--warn:#e7b450;
--track:#242d3b;--mark:#e7ebf2;--band:#fb923c24;--yes:#33191a;--no:#14291d;--held:#2d2512}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main,header{max-width:1060px;margin:0 auto;padding:0 20px}
header{padding-top:32px}h1{font-size:26px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:0 0 12px}h3{font-size:14px;margin:0;overflow-wrap:anywhere}
p{margin:0}.soft,caption,th,dt,.sub{color:var(--soft)}.sub{font-size:13px}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px;margin:16px 0}
.banner{border-left:6px solid var(--soft);border-radius:12px}
.banner.yes{border-left-color:var(--bad);background:var(--yes)}.banner.no{border-left-color:var(--good);
background:var(--no)}.banner.blocked{border-left-color:var(--warn);background:var(--held)}
.answer{font-size:22px;font-weight:650;margin-bottom:4px}.reason{font-size:16px;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 16px;margin:14px 0 0}
dd{margin:0;overflow-wrap:anywhere}
.chip{display:inline-block;border:1px solid currentColor;border-radius:99px;padding:0 9px;
font-size:12px;font-weight:600}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
table{border-collapse:collapse;width:100%;font-size:13.5px}caption{text-align:left;padding-bottom:6px}
th,td{text-align:left;vertical-align:top;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);
overflow-wrap:break-word}th{font-weight:600;white-space:nowrap}tr:last-child>*{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.wide{overflow-x:auto}
.triggers{list-style:none;margin:0;padding:0;display:grid;gap:14px}
.trigger{display:grid;grid-template-columns:190px 1fr 170px;gap:2px 16px;align-items:center}
.trigger .why{grid-column:2/4;font-size:13px;color:var(--soft);overflow-wrap:anywhere}
.trigger .name{font-weight:600;overflow-wrap:anywhere}.figure{font-variant-numeric:tabular-nums;font-size:13px}
.track{position:relative;height:12px;background:var(--track);border-radius:6px}
.track i{position:absolute;inset:0 auto 0 0;border-radius:6px;background:var(--before)}.fired .track i{
background:var(--now)}.track b{position:absolute;left:50%;top:-4px;bottom:-4px;width:2px;background:var(--mark)}
.facts{margin-top:18px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:16px}
.card{border:1px solid var(--line);border-radius:10px;padding:12px;min-width:0}
img{display:block;width:100%;height:auto}
svg{display:block;width:100%;height:auto;margin-top:6px}svg text{fill:var(--soft);font-size:11px}
.before{fill:var(--before-fill)}.now{fill:var(--now-fill);stroke:var(--now);stroke-width:1.8}.nowbar{fill:var(--now)}
.rule{stroke:var(--line)}.course{fill:none;stroke:var(--now);stroke-width:2}.dot{fill:var(--now)}
.band{fill:var(--band)}.promised{fill:none;stroke:var(--before);stroke-width:1.6;stroke-dasharray:5 4}
.event{stroke:var(--soft);stroke-dasharray:2 3}.sign{stroke:var(--ink);stroke-width:1.6;fill:var(--card)}
.sign.promoted{fill:var(--good);stroke:var(--good)}.sign.failed{fill:none;stroke:var(--bad)}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;color:var(--soft);margin-bottom:10px}
.key span::before{content:"";display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px;
vertical-align:-1px;background:var(--c)}
.hash{display:inline-block;max-width:17ch;overflow-wrap:anywhere}
.advice{margin:0;padding-left:18px}.advice li{margin:6px 0;overflow-wrap:anywhere}
details{margin-top:12px}summary{cursor:pointer;color:var(--soft)}
summary:focus-visible{outline:2px solid var(--now);outline-offset:2px}
footer{max-width:1060px;margin:0 auto;padding:4px 20px 40px;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
@media(max-width:640px){.trigger{grid-template-columns:1fr}.trigger .why{grid-column:1}dl{grid-template-columns:1fr;
gap:2px}dd{margin-bottom:8px}}
@media print{body{background:#fff}section{break-inside:avoid}}
"""
