/** The one style sheet. Text in a module, so that it is where the code is, built or not. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f7f8f8; --card: #fff; --text: #1b1f23; --mute: #5b646d; --line: #dfe3e6; --link: #0b57b7;
  --good: #156a3a; --good-ground: #dff3e6; --bad: #b3231a; --bad-ground: #fde7e4; --busy: #0b57b7; --busy-ground: #e1edfb;
  --calm: #4c555e; --calm-ground: #e9ecee; --undo: #fff; --undo-ground: #8a3ffc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --card: #1b1f23; --text: #e4e7ea; --mute: #9aa4ad; --line: #30363c; --link: #7db4ff;
    --good: #7ddb9f; --good-ground: #17331f; --bad: #ff9c92; --bad-ground: #431915; --busy: #8fc0ff; --busy-ground: #14304f;
    --calm: #b5bec6; --calm-ground: #2a3036; --undo: #14171a; --undo-ground: #c4a1ff;
  }
}
* { box-sizing: border-box; }
html { font: clamp(93.75%, 80% + 0.2vw, 137.5%)/1.45 system-ui, sans-serif; background: var(--ground); color: var(--text); -webkit-text-size-adjust: 100%; }
body { margin: 0; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
main:focus { outline: none; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.9em; overflow-wrap: anywhere; }
pre { margin: 0.5rem 0; padding: 0.75rem; overflow: auto; background: var(--ground); border: 1px solid var(--line); border-radius: 6px; overflow-wrap: normal; max-height: 70vh; }
h1, h2, h3, p { margin: 0; }
h1 { font-size: 1.3rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1rem; } h3 { font-size: 0.95rem; }
.mute, .exact { color: var(--mute); }
.mute { font-size: 0.9em; }
.exact { font-size: 0.85em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 0.5rem; top: 0.5rem; background: var(--card); padding: 0.5rem; z-index: 1; }

.top { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.25rem; padding: 0.6rem max(1rem, 50% - 69rem); background: var(--card); border-bottom: 1px solid var(--line); }
.top nav { display: flex; gap: 0.25rem; }
.top form { margin-left: auto; }
.top a { color: inherit; text-decoration: none; }
.top nav a { padding: 0.25rem 0.6rem; border-radius: 6px; color: var(--mute); }
.top nav a:hover, .top nav a[aria-current] { background: var(--calm-ground); color: var(--text); }
.name { font-weight: 700; }
main { max-width: 140rem; margin: 0 auto; padding: 1rem; display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
section { display: grid; gap: 0.5rem; align-content: start; min-width: 0; }
.heading { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0.4rem 1rem; }
.aside { color: var(--mute); display: flex; gap: 0.75rem; font-weight: 400; }
.heading:has(.aside > .badge) { justify-content: flex-start; }
.prose { max-width: 80ch; }
.empty { padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }

button, input, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0.3rem 0.55rem; min-width: 0; }
button { cursor: pointer; font-weight: 600; }
button:hover { border-color: var(--mute); }
.quiet { border-color: transparent; background: none; font-weight: 400; color: var(--mute); }
.filters { display: flex; flex-wrap: wrap; align-items: end; gap: 0.6rem; }
.filters label { display: grid; gap: 0.15rem; color: var(--mute); font-size: 0.85em; }
.filters input, .filters select { color: var(--text); font-size: 1.1em; width: 11rem; height: 2.2rem; }
.filters select { width: 7.5rem; }
.facets > summary { display: none; }
.facets > div { display: flex; flex-wrap: wrap; align-items: end; gap: 0.6rem; }
.facets input { width: 8.2rem; }
.filters > .facets { flex: 0 1 auto; }
.filters .grow { flex: 1 1 12rem; } .filters .grow input { width: 100%; }
.filters .moment input { width: 13rem; }
.buttons { display: inline-flex; align-items: baseline; gap: 0.6rem; }
.ranges { display: flex; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; background: var(--card); }
.ranges a { padding: 0.3rem 0.65rem; color: var(--mute); text-decoration: none; border-left: 1px solid var(--line); white-space: nowrap; }
.ranges a:first-child { border-left: 0; }
.ranges a:hover, .ranges a[aria-current] { background: var(--calm-ground); color: var(--text); }
.ranges a:focus-visible { outline-offset: -2px; }

.timebar { display: flex; flex-wrap: wrap; gap: 0.6rem; justify-content: space-between; }
/* For ears alone. */
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
#changes, #span, #list, #welcome { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
.live::before { content: "●"; margin-right: 0.35em; color: var(--mute); }
.live[aria-pressed="true"]::before { color: var(--good); }
.aside { align-items: baseline; flex-wrap: wrap; }

.timeline { position: relative; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0 1.4rem 0.3rem 0; overflow: hidden; }
.shapes { position: absolute; }
.scale { position: absolute; inset: 0 1.4rem 0 13rem; width: calc(100% - 14.4rem); overflow: visible; }
.scale line { stroke: var(--line); }
.scale text { fill: var(--mute); font-size: 0.8rem; }
.tick[hidden] { display: none; }
.lanes { list-style: none; margin: 0; padding: 1.4rem 0 0; position: relative; }
.lane { display: grid; grid-template-columns: 13rem minmax(0, 1fr); align-items: center; border-top: 1px solid var(--line); padding: 0.15rem 0; margin-right: -1.4rem; padding-right: 1.4rem; }
.lane-name { display: flex; gap: 0.5rem; justify-content: space-between; padding: 0 1.2rem 0 0.9rem; min-width: 0; }
.lane-name a { color: inherit; text-decoration: none; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.lane-name a:hover { text-decoration: underline; }
.picture { display: block; overflow: visible; }
.narrow { display: none; }
.mark { transform: translateX(-0.5rem); fill: var(--good); stroke: var(--good); stroke-width: 0; outline: none; }
.mark.failed { fill: var(--bad); stroke: var(--bad); }
.mark.canceled { fill: var(--calm); stroke: var(--calm); }
.mark.running, .mark.pending { fill: var(--card); stroke: var(--busy); stroke-width: 2.5; }
.mark.pending { stroke-dasharray: 3 2.5; }
.mark.rollback { fill: var(--undo-ground); stroke: var(--undo-ground); }
.mark.rollback.running, .mark.rollback.pending { fill: var(--card); stroke-width: 2; --sign: var(--undo-ground); }
.sign { stroke: var(--sign, var(--card)); stroke-width: 2; fill: none; stroke-dasharray: none; stroke-linecap: round; }
.mark.many { transform: translateX(-0.875rem); }
.mark.many.busy { fill: var(--busy); stroke: var(--busy); }
.mark text { fill: var(--card); stroke: none; font: 600 10.5px/1 system-ui, sans-serif; text-anchor: middle; }
.mark .tight { font-size: 8.5px; }
.mark:hover { filter: brightness(1.25); }
.mark:focus-visible { stroke: var(--text); stroke-width: 2; stroke-dasharray: none; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; color: var(--mute); font-size: 0.85em; padding-top: 0.4rem; }
.legend > span { display: inline-flex; align-items: center; gap: 0.3rem; }
.key { width: 1rem; height: 1rem; } .key .mark { transform: none; }
.when .before { float: right; margin-left: 0.6rem; text-decoration: underline; font-size: 0.85em; line-height: 1.7; color: var(--mute); }
tr.new { animation: arrive 2s ease-out; }
@keyframes arrive { from { background: var(--busy-ground); } }
@media (prefers-reduced-motion: reduce) { tr.new { animation: none; } }
@media (max-width: 60rem) {
  .wide { display: none; } .narrow { display: inline; }
}

table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); }
th, td { padding: 0.45rem 0.6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
th { color: var(--mute); font-size: 0.8em; font-weight: 600; white-space: nowrap; }
.changes th { text-transform: capitalize; }
tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: color-mix(in srgb, var(--calm-ground) 35%, transparent); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
time .exact { display: block; }
dd time .exact, .last time .exact { display: inline; }
.badge { display: inline-block; padding: 0 0.5em; border-radius: 1em; font-size: 0.85em; font-weight: 600; line-height: 1.6; white-space: nowrap; background: var(--calm-ground); color: var(--calm); }
.badge.succeeded { background: var(--good-ground); color: var(--good); }
.badge.failed { background: var(--bad-ground); color: var(--bad); }
.badge.running { background: var(--busy-ground); color: var(--busy); }
.badge.other { font-size: 0.8em; white-space: normal; }
.badge.rollback { background: var(--undo-ground); color: var(--undo); }
.changes .service a, .changes .environment a { color: inherit; text-decoration: none; }
.changes .service a { font-weight: 600; }
.changes .service a:hover, .changes .environment a:hover { text-decoration: underline; }
th.when { width: 14rem; } th.state { width: 9.4rem; } th.service { width: 13%; } th.environment { width: 11%; } th.who { width: 10%; } th.took { width: 6.2rem; } th.links { width: 6.5rem; }
.changes { table-layout: fixed; }
.links a { white-space: nowrap; }
.who a { color: inherit; text-decoration-color: var(--line); text-decoration-thickness: 2px; }
.who a:hover { text-decoration-color: currentColor; }
.who .mute { display: block; }
.what > a { text-decoration: none; }
.what > a:hover { text-decoration: underline; }
.when a { text-decoration: none; }
.why, .words { overflow-wrap: anywhere; }
.state .badge + .badge { margin-top: 0.2rem; }
.revision { font-size: 0.9em; color: var(--mute); }
.why .key { font-size: 0.85em; }

dl { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.3rem 0.9rem; }
dl > div { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: 0.75rem; padding: 0.3rem 0; }
dl > div + div { border-top: 1px solid var(--line); }
dt { color: var(--mute); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
.message { white-space: pre-wrap; max-height: 20rem; overflow: auto; }
.tag { display: inline-block; padding: 0 0.4em; border: 1px solid var(--line); border-radius: 4px; font-size: 0.85em; }
.columns { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); align-items: start; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.9rem; display: grid; gap: 0.6rem; min-width: 0; grid-template-columns: minmax(0, 1fr); }
.card > h2, .card h3 { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; }
.card table { border-width: 1px 0 0; }
.card td { padding-inline: 0.4rem; }
.card td:first-child { padding-left: 0; }
.words { width: 50%; }
.card ol { margin: 0; padding-left: 1.3rem; display: grid; gap: 0.25rem; grid-template-columns: minmax(0, 1fr); }
.trace { margin: 0; padding-left: 1.5rem; }
.notes { margin: 0; padding: 0.6rem 0.9rem; list-style: none; border-left: 3px solid var(--busy); background: var(--busy-ground); border-radius: 0 6px 6px 0; }
.steps { display: flex; flex-wrap: wrap; gap: 0.4rem 1.5rem; margin: 0; padding: 0; list-style: none; }
.copy { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: baseline; }
.copy span { color: var(--mute); width: 3.5rem; }
.copy code { user-select: all; padding: 0.15rem 0.5rem; background: var(--ground); border: 1px solid var(--line); border-radius: 6px; min-width: 0; }
.last { padding: 0.5rem 0.75rem; border-radius: 6px; background: var(--calm-ground); overflow-wrap: anywhere; }
.last.recorded, .last.duplicate { background: var(--good-ground); }
.last.rejected { background: var(--bad-ground); }
.last.accepted { background: var(--busy-ground); }
summary { cursor: pointer; color: var(--link); }
.figure { font-size: 1.8rem; font-weight: 700; line-height: 1.1; font-variant-numeric: tabular-nums; }
.measures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); }
.measures .card { align-content: start; }
.chart { margin: 0; padding: 0.9rem; display: grid; gap: 0.35rem 0.6rem; grid-template: "up bars" 9rem ". along" auto ". legend" auto / auto minmax(0, 1fr); background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.axis { display: flex; justify-content: space-between; color: var(--mute); font-size: 0.8em; font-variant-numeric: tabular-nums; }
.axis.up { flex-direction: column; text-align: right; line-height: 1; }
.axis.along { grid-area: along; }
.chart .legend { grid-area: legend; padding-top: 0.2rem; }
.swatch { width: 0.75rem; height: 0.75rem; border-radius: 2px; }
.swatch.succeeded { background: var(--good); } .swatch.failed { background: var(--bad); }
.bars { width: 100%; height: 100%; border-bottom: 1px solid var(--line); border-top: 1px dashed var(--line); }
.stack .number .mute { display: block; }
.bars .succeeded { fill: var(--good); } .bars .failed { fill: var(--bad); } .bars .none { fill: transparent; }
.pager { display: flex; justify-content: center; gap: 1.25rem; color: var(--mute); }
.login { max-width: 24rem; margin: 8vh auto 0; width: 100%; display: grid; gap: 0.7rem; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.login button { padding: 0.5rem; background: var(--link); border-color: var(--link); color: var(--card); }
.complaint { color: var(--bad); }
.complaint pre { color: var(--text); }
.answer { white-space: pre-wrap; overflow-wrap: anywhere; }

@media (min-width: 75.01rem) {
  tr.failed td:first-child { box-shadow: inset 3px 0 var(--bad); }
  tr.running td:first-child { box-shadow: inset 3px 0 var(--busy); }
  tr.rollback td:first-child { box-shadow: inset 3px 0 var(--undo-ground); }
}
/* Too narrow for columns: each row becomes a card. */
@media (max-width: 75rem) {
  .changes, .changes tbody, .inbox, .inbox tbody { display: block; }
  .changes thead, .inbox thead, .letters thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .changes tr, .inbox tr { display: grid; padding: 0.6rem 0.75rem; gap: 0.15rem 0.75rem; border-bottom: 1px solid var(--line); }
  .changes tr { grid-template: "state when when" "service service environment" "what what what" "who who took" "links links links" / fit-content(36%) minmax(0, 1fr) fit-content(45%); column-gap: 0.4rem; }
  .inbox tr { grid-template: "state when" "why why" "source size" / minmax(0, 1fr) minmax(0, auto); }
  .changes tr:last-child, .inbox tr:last-child { border-bottom: 0; }
  .changes td, .inbox td { display: block; padding: 0; border: 0; overflow-wrap: anywhere; }
  tr.failed { box-shadow: inset 3px 0 var(--bad); }
  tr.running { box-shadow: inset 3px 0 var(--busy); }
  tr.rollback { box-shadow: inset 3px 0 var(--undo-ground); }
  .when { grid-area: when; text-align: right; } .when .before { float: none; margin: 0 0.5rem 0 0; } .state { grid-area: state; } .service { grid-area: service; } .what { grid-area: what; }
  .environment { grid-area: environment; text-align: right; } .who { grid-area: who; color: var(--mute); } .took { grid-area: took; text-align: right; color: var(--mute); }
  .links { grid-area: links; } .links:empty { display: none; }
  .why { grid-area: why; } .source { grid-area: source; color: var(--mute); } .inbox .number { grid-area: size; color: var(--mute); }
  section > table { display: block; overflow-x: auto; }
  section > table td:first-child { white-space: nowrap; }
}
@media (max-width: 46rem) {
  .stack, .stack tbody { display: block; }
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .stack tr { display: grid; gap: 0.15rem; padding: 0.6rem 0.75rem; border-bottom: 1px solid var(--line); }
  .stack tr:last-child { border-bottom: 0; }
  .stack td { display: flex; justify-content: space-between; gap: 1rem; width: auto; padding: 0; border: 0; min-width: 0; text-align: right; overflow-wrap: anywhere; }
  section > .stack td:first-child { white-space: normal; }
  .stack td:first-child:not([data-label]) { font-weight: 600; }
  .stack td:not([data-label]) { text-align: left; }
  .stack td:empty { display: none; }
  .stack td[data-label]::before { content: attr(data-label); color: var(--mute); text-align: left; flex: none; font-weight: 400; }
  .stack .number .mute { display: inline; }
}
@media (min-width: 46rem) and (max-width: 75rem) {
  .changes tr { grid-template: "when service environment who" auto "when what what took" auto "state what what links" 1fr / 14rem minmax(0, 1fr) minmax(0, 1fr) 9rem; column-gap: 0.75rem; }
  .inbox tr { grid-template: "when state why size" "when source why ." / 11.5rem 6rem minmax(0, 1fr) 5rem; }
  .changes .when, .inbox .when, .environment, .took { text-align: left; }
  .changes .when .before { float: right; margin: 0; }
  .changes .who .mute { display: inline; }
}
@media (max-width: 34rem) {
  main { padding: 0.75rem; }
  .top { padding: 0.5rem 0.75rem; }
  .top nav { order: 3; width: 100%; justify-content: space-between; gap: 0; font-size: 0.87em; }
  .top nav a { padding: 0.35rem; }
  .top nav a:first-child { margin-left: -0.35rem; }
  .filters { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); }
  #filters { grid-template-columns: minmax(0, 1fr) auto; }
  .aside { font-size: 0.9em; }
  .filters .grow, .filters > .facets, .filters.search > .wide { grid-column: 1 / -1; }
  .facets > summary { display: list-item; padding: 0.2rem 0; }
  .facets > div { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); padding-top: 0.3rem; }
  .filters > .buttons { min-height: 2.2rem; }
  .filters label { min-width: 0; }
  .tick:nth-child(even) text { display: none; }
  .timebar { gap: 0.4rem; }
  .timebar .ranges { flex: 1 1 auto; font-size: 0.9em; }
  .timeline { padding: 0 0.9rem 0.3rem; }
  .scale { inset: 0 0.9rem; width: calc(100% - 1.8rem); }
  .lane { display: block; margin: 0 -0.9rem; padding-inline: 0.9rem; }
  .lane-name { padding: 0; font-size: 0.85em; }
  .filters input, .filters select, .filters .moment input { width: 100%; }
  .ranges { grid-column: 1 / -1; }
  .ranges a { flex: 1; text-align: center; padding-inline: 0.35rem; }
  .heading { gap: 0 0.75rem; } .live { padding-block: 0; }
  dl > div { grid-template-columns: minmax(0, 1fr); gap: 0; }
}

/* Buttons that do something, deliveries, set-up. */
.action { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 0.75rem; }
.bulk { display: flex; flex-wrap: wrap; align-items: center; gap: 0.6rem 1.25rem; }
.check { display: inline-flex; align-items: center; gap: 0.4rem; color: var(--mute); }
.danger { color: var(--bad); }
.done { padding: 0.5rem 0.75rem; border-radius: 6px; background: var(--good-ground); overflow-wrap: anywhere; }
.given-up { display: grid; gap: 0.5rem; justify-items: start; overflow-wrap: anywhere; }
.delivery-id code { display: inline-block; max-width: 22rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; vertical-align: bottom; }
.plain { margin: 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.complaint .exact, a .exact, td > .exact { color: inherit; font-size: inherit; }
.inbox .when .exact { color: var(--mute); font-size: 0.85em; }
.at .exact { color: var(--mute); font-size: 0.85em; }
.card > p, .notes { overflow-wrap: anywhere; }
.card > dl { border: 0; padding: 0; }
.sinks { grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
.label { color: var(--mute); width: 3.5rem; }
.last { display: grid; gap: 0.3rem; }
.last .badge { padding: 0; background: none; }
.setup li pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.origins > section { margin-top: 0.5rem; }
.search .wide { flex: 1 1 18rem; }
.search .wide input { width: 100%; }
.letters .why { width: 45%; }
.letters .links { white-space: nowrap; }
.letters .links .action { display: inline-flex; }
@media (max-width: 75rem) {
  .letters, .letters tbody { display: block; }
  .letters tr { display: grid; grid-template: "state when" "why why" "source source" "links links" / minmax(0, 1fr) minmax(0, auto); padding: 0.6rem 0.75rem; gap: 0.3rem 0.75rem; border-bottom: 1px solid var(--line); }
  .letters td, .letters .why { display: block; width: auto; padding: 0; border: 0; }
}
@media (max-width: 34rem) {
  .attempts, .attempts tbody { display: block; }
  .attempts tr { display: grid; grid-template: "at at" "state outcome" "words words" / auto 1fr; gap: 0.1rem 0.75rem; padding: 0.4rem 0; border-bottom: 1px solid var(--line); }
  .attempts td, .card .attempts td { display: block; padding: 0; border: 0; width: auto; }
  .attempts .at { grid-area: at; } .attempts .words { grid-area: words; }
}
`;

/** A ship’s log: three entries, the newest lit. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b57b7"/><path d="M4 5h8" stroke="#fff" stroke-width="1.6"/><path d="M4 8h8M4 11h5" stroke="#9cc4f5" stroke-width="1.6"/></svg>`;
