/// The rules of the page's style sheet, without colors.
///
/// Figures are laid out in columns of at least 300 pixels, so that their text remains readable on a phone.
enum PageStyle {
  static let rules: Markup = """
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
    body{margin:0 auto;padding:1rem clamp(.75rem,2.5vw,2rem);max-width:92rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
    h1{font-size:1.6rem;line-height:1.2;margin:.2rem 0}
    h2{font-size:1.25rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--line)}
    h3{font-size:1rem;margin:0 0 .3rem}
    p{margin:.4rem 0;max-width:72ch}
    a{color:var(--link)}
    a:focus-visible,.scroll:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
    nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1rem;margin:.6rem 0;padding:0;list-style:none}
    nav a{display:inline-block;padding:.25rem 0}
    .quiet,figcaption,footer{color:var(--quiet);font-size:.875rem}
    .note{border-left:4px solid var(--c1);padding:.3rem .8rem;background:var(--panel);max-width:72ch}
    .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1rem}
    .grid.wide{grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr))}
    .grid.rows{grid-template-columns:repeat(auto-fill,minmax(min(100%,27rem),1fr))}
    .grid.rows.wide{grid-template-columns:repeat(auto-fill,minmax(min(100%,41rem),1fr))}
    figure{margin:0;padding:.75rem;background:var(--panel);border-radius:.5rem;min-width:0}
    figure svg{display:block;width:100%;max-width:34rem;height:auto}
    svg text{fill:var(--ink);font:12px system-ui,sans-serif}
    svg .axis{stroke:var(--quiet);stroke-width:1;fill:none}
    svg .rule{stroke:var(--line);stroke-width:.6;fill:none}
    svg .curve{stroke-width:1.8;stroke-linejoin:round}
    svg .dot{fill:var(--quiet);opacity:.55}
    svg .halo{paint-order:stroke;stroke:var(--panel);stroke-width:3.5px;stroke-linejoin:round;font-weight:600}
    svg .mark{stroke-width:1.6}
    .legend{display:flex;flex-wrap:wrap;gap:.2rem .9rem;margin:.4rem 0 0;padding:0;list-style:none;font-size:.875rem}
    .legend svg{display:inline-block;width:2.2rem;height:.9rem;vertical-align:-.1rem;margin-right:.3rem}
    .numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:.75rem;margin:.75rem 0;padding:0}
    .numbers div{background:var(--panel);border-radius:.5rem;padding:.5rem .75rem}
    .numbers dt{color:var(--quiet);font-size:.875rem}
    .numbers dd{margin:0;font-size:1.35rem;font-variant-numeric:tabular-nums}
    .scroll{overflow-x:auto;max-width:100%}
    table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
    caption{text-align:left;color:var(--quiet);padding:.2rem 0}
    th,td{border:1px solid var(--line);padding:.2rem .5rem;text-align:left;vertical-align:top;overflow-wrap:normal}
    td.n,th.n{text-align:right}
    table.texts{width:100%}.texts td{overflow-wrap:anywhere}
    .matrix td{text-align:right;min-width:2.2rem}
    .matrix td.own{font-weight:700;outline:2px solid var(--quiet);outline-offset:-3px}
    .matrix thead th:not(:first-child){writing-mode:vertical-rl;vertical-align:bottom;padding:.4rem .2rem}
    .bar{display:inline-block;height:.7rem;background:var(--c0);vertical-align:middle;min-width:1px}
    pre{background:var(--panel);padding:.6rem .8rem;border-radius:.5rem;white-space:pre-wrap;margin:.4rem 0;font:.8125rem/1.45 ui-monospace,monospace}
    .options{columns:20rem auto}
    .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.75rem;margin:0;padding:0;list-style:none}
    .tiles li{background:var(--panel);border-radius:.5rem;padding:.5rem;font-size:.875rem;min-width:0}
    .strip{display:flex;flex-wrap:wrap;gap:.4rem .5rem;align-items:flex-start;margin:.3rem 0 .4rem;padding:0;list-style:none}
    .strip li{font-size:.8125rem;width:5.2rem;line-height:1.3}
    .strip li.first{border-right:2px solid var(--line);padding-right:.4rem;width:5.8rem}
    img{display:block;width:5rem;height:5rem;object-fit:contain;image-rendering:pixelated;background:var(--paper)}
    footer{margin-top:2.5rem;border-top:1px solid var(--line)}
    @media (max-width:30rem){.legend,.quiet,figcaption{font-size:.875rem}figure{padding:.4rem}}
    @media print{:root{--ink:#000;--paper:#fff;--panel:#fff;--quiet:#333;--line:#999}nav{display:none}body{max-width:none;padding:0;font-size:10pt}figure,.tiles li,.numbers div{border:1px solid #999}figure,tr,li,h2,h3{break-inside:avoid}h2{break-after:avoid}.scroll{overflow:visible}th,td{overflow-wrap:anywhere}table:not(.matrix) tbody th{min-width:6rem}.matrix thead th:not(:first-child){overflow-wrap:normal}.matrix td{min-width:0;padding:.1rem .15rem}figure:has(.scroll){grid-column:1/-1}.grid{grid-template-columns:repeat(2,1fr)}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
    """
}
