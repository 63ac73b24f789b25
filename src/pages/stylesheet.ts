/**
 * The look of all pages. System fonts, one accent colour, light and dark, from 320 px up; nothing moves. Every pair of colours
 * has at least the contrast that WCAG 2.2 AA asks for: 4.5 for text, 3 for the edges of fields and for focus.
 */
export const stylesheet = `:root {
  color-scheme: light dark;
  --ground: #f4f3ef;
  --card: #ffffff;
  --line: #e0ddd5;
  --edge: #7d8084;
  --text: #1c2024;
  --soft: #565c63;
  --accent: #17645d;
  --accent-strong: #0e4a45;
  --on-accent: #ffffff;
  --tint: #e9f2f0;
  --bad: #9d2116;
  --bad-tint: #fcf0ee;
  --shadow: 0 1px 2px rgb(28 32 36 / 6%), 0 12px 32px -12px rgb(28 32 36 / 14%);
}

@media (prefers-color-scheme: dark) {
  :root {
    --ground: #131618;
    --card: #1c2023;
    --line: #343a3f;
    --edge: #858d94;
    --text: #e9e7e3;
    --soft: #aeb4ba;
    --accent: #7fcbc1;
    --accent-strong: #a5ddd5;
    --on-accent: #0b2421;
    --tint: #1f3331;
    --bad: #ffb3a7;
    --bad-tint: #3a1f1b;
    --shadow: none;
  }
}

*, *::before, *::after { box-sizing: border-box; }

html { font-size: 106.25%; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }

body {
  display: flex;
  flex-direction: column;
  align-items: center;
  gap: 1.5rem;
  min-height: 100vh;
  margin: 0;
  padding: clamp(1.25rem, 6vh, 4.5rem) 1rem 1.5rem;
  background: var(--ground);
  color: var(--text);
  font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif;
  line-height: 1.55;
  overflow-wrap: break-word;
}

[hidden] { display: none !important; }

.visually-hidden {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

.brand { display: flex; align-items: center; gap: 0.55rem; font-size: 1.3rem; font-weight: 650; letter-spacing: -0.01em; }
.mark { color: var(--accent); }

.card {
  width: 100%;
  max-width: 27rem;
  padding: 2.25rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 1rem;
  box-shadow: var(--shadow);
}
.card.wide { max-width: 42rem; }
.card > :first-child { margin-top: 0; }
.card > :last-child { margin-bottom: 0; }

footer { margin-top: auto; color: var(--soft); font-size: 0.85rem; text-align: center; }
footer p { margin: 0; }

h1 { margin: 0 0 0.5rem; font-size: 1.7rem; line-height: 1.2; letter-spacing: -0.02em; text-wrap: balance; }
h2 { margin: 0 0 0.35rem; font-size: 1.15rem; line-height: 1.35; }
h3 { margin: 1.5rem 0 0.25rem; font-size: 1rem; }
p { margin: 0 0 1rem; }
.lead { color: var(--soft); font-size: 1.05rem; }
.lead strong { color: var(--text); }
.hint, .aside { color: var(--soft); font-size: 0.9rem; }
.aside { margin: 1.75rem 0 0; padding-top: 1.25rem; border-top: 1px solid var(--line); }
p + h2, .facts + h2 { margin-top: 1.75rem; }
.target { display: inline-block; max-width: 100%; }
.other { margin: 1.25rem 0 0; text-align: center; text-wrap: balance; }
.wide .other { text-align: start; }
.status { margin-bottom: 0.25rem; color: var(--soft); font-size: 0.9rem; font-weight: 600; font-variant-numeric: tabular-nums; }

a { color: var(--accent); text-underline-offset: 0.18em; }
a:hover { color: var(--accent-strong); text-decoration-thickness: 0.12em; }
code { font-family: ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 0.95em; }
.reference { overflow-wrap: anywhere; }

:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 0.3rem; }

form { margin: 0; }
.field { display: grid; grid-template-columns: 1fr auto; align-items: end; margin: 1.35rem 0; }
.field > * { grid-column: 1 / -1; }
label { font-weight: 600; }
.field .hint { margin: 0; }
input {
  width: 100%;
  min-height: 3rem;
  margin-top: 0.4rem;
  padding: 0.5rem 0.85rem;
  border: 1px solid var(--edge);
  border-radius: 0.6rem;
  background: var(--card);
  color: var(--text);
  font: inherit;
}
input:focus-visible { outline-offset: 1px; border-color: var(--accent); border-radius: 0.6rem; }
input.short { max-width: 8rem; }
input[type='checkbox'] { flex: none; width: 1.35rem; height: 1.35rem; min-height: 0; margin: 0.1rem 0 0; padding: 0; accent-color: var(--accent); }
.check { display: flex; gap: 0.75rem; align-items: flex-start; margin: 1.35rem 0; }
.check .hint { margin: 0.15rem 0 0; }
fieldset { min-width: 0; margin: 1.35rem 0; padding: 0; border: 0; }
legend { padding: 0; font-size: 1.1rem; font-weight: 600; }
fieldset .check { margin: 0.75rem 0; }
fieldset .field { margin: 0.75rem 0; }
.wide .field { max-width: 30rem; }
input[aria-invalid='true'] { border: 2px solid var(--bad); }
input.code { font-family: ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 1.35rem; letter-spacing: 0.12em; }

.field > label:has(~ .quiet:not([hidden])) { grid-column: 1; grid-row: 1; }
.field > .quiet { grid-column: 2; grid-row: 1; }
.quiet { min-height: 1.75rem; padding: 0 0.15rem; border: 0; background: none; color: var(--accent); font: inherit; font-size: 0.9rem; text-decoration: underline; text-underline-offset: 0.18em; cursor: pointer; }

.other .quiet { font-size: inherit; }

.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-height: 2.75rem;
  padding: 0.45rem 1.1rem;
  border: 1px solid var(--edge);
  border-radius: 0.6rem;
  background: var(--card);
  color: var(--text);
  font: inherit;
  font-weight: 600;
  line-height: 1.3;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
}
.button:hover { background: var(--tint); border-color: var(--accent); color: var(--text); }
.button:focus-visible { border-radius: 0.6rem; }
.button.primary { width: 100%; min-height: 3.1rem; border-color: transparent; background: var(--accent); color: var(--on-accent); }
.wide .button.primary { width: auto; min-width: min(16rem, 100%); }
.button.primary:hover { background: var(--accent-strong); color: var(--on-accent); }
.actions { display: flex; flex-wrap: wrap; gap: 0.6rem; margin: 1.25rem 0; }

.ways { margin: 1.75rem 0 0; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.ways h2 { font-size: 1rem; }
.ways ul, .plain, .pages ul { margin: 0; padding: 0; list-style: none; }
.main-ways { display: grid; gap: 0.75rem; margin: 0.75rem 0 0; padding: 0; list-style: none; }
.main-ways .button { width: 100%; min-height: 3.1rem; }
.ways a { display: inline-block; padding: 0.3rem 0; }
.plain { margin: 0 0 1rem; }
.plain li { padding: 0.2rem 0; overflow-wrap: anywhere; }
.pages { margin: 0 0 1.5rem; padding-bottom: 0.5rem; border-bottom: 1px solid var(--line); }
.pages ul { display: flex; flex-wrap: wrap; gap: 0 1.25rem; }
.pages a { display: inline-block; padding: 0.35rem 0; text-decoration: none; }
.pages a:hover { text-decoration: underline; }
.pages a[aria-current] { color: var(--text); font-weight: 600; box-shadow: 0 2px 0 var(--accent); }
.shown-code { margin: 1.25rem 0; padding: 1rem; border-radius: 0.75rem; background: var(--tint); font-size: 1.9rem; letter-spacing: 0.12em; text-align: center; }

@media (scripting: none) {
  form[data-webauthn] { display: none; }
}

.notice { margin: 1.25rem 0; padding: 0.9rem 1.1rem; border-left: 4px solid var(--accent); border-radius: 0.4rem; background: var(--tint); }
.notice p { margin: 0; }
.notice.error { border-color: var(--bad); background: var(--bad-tint); }
.notice.error strong { color: var(--bad); }

.steps { margin: 1.75rem 0 0; padding: 0; list-style: none; counter-reset: step; }
.steps > li { position: relative; padding: 0 0 1.5rem 2.9rem; counter-increment: step; }
.steps > li::before {
  content: counter(step);
  position: absolute;
  left: 0;
  top: -0.2rem;
  width: 2rem;
  height: 2rem;
  border-radius: 50%;
  background: var(--tint);
  color: var(--accent);
  font-weight: 700;
  line-height: 2rem;
  text-align: center;
}
.steps > li:last-child { padding-bottom: 0; }
.steps .field { margin-top: 0.5rem; }
.qr { width: 100%; max-width: 13rem; margin: 0 0 1rem; padding: 0.5rem; border: 1px solid var(--line); border-radius: 0.75rem; background: #ffffff; }
.qr svg { display: block; width: 100%; height: auto; }
details { margin: 0 0 1rem; }
summary { display: list-item; min-height: 1.75rem; color: var(--accent); cursor: pointer; }
details[open] summary { margin-bottom: 0.5rem; }
p.key { overflow-wrap: anywhere; }
.key { padding: 0.75rem 1rem; border-radius: 0.6rem; background: var(--tint); font-size: 1.1rem; }
details .button { margin-bottom: 1rem; }
.change { margin: 0; }
.change[open] { flex-basis: 100%; }
.change .field { margin: 0.5rem 0 0.75rem; }

.codes { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(12rem, 100%), 1fr)); gap: 0.35rem 1rem; margin: 1.25rem 0; padding: 1rem 1rem 1rem 2.6rem; border-radius: 0.75rem; background: var(--tint); }
.codes li { padding-left: 0.25rem; }
.codes li::marker { color: var(--soft); font-size: 0.85rem; font-variant-numeric: tabular-nums; }
.codes code { font-size: 1.1rem; letter-spacing: 0.03em; white-space: nowrap; }

section { margin-top: 2.25rem; padding-top: 1.75rem; border-top: 1px solid var(--line); }
h1 + section { margin-top: 1.25rem; padding-top: 0; border: 0; }
section > :last-child { margin-bottom: 0; }
.facts { margin: 1.25rem 0; }
.facts > div { display: grid; grid-template-columns: 9rem 1fr; gap: 0 1rem; padding: 0.35rem 0; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.rows { margin: 0 0 1rem; padding: 0; list-style: none; }
.rows > li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.6rem 1rem; padding: 0.9rem 0; border-bottom: 1px solid var(--line); }
.rows > li:last-child { border-bottom: 0; }
.rows p { margin: 0; overflow-wrap: anywhere; }
.what { font-weight: 600; }
.tag { display: inline-block; margin-left: 0.1rem; padding: 0.1rem 0.6rem; border-radius: 1rem; background: var(--tint); color: var(--accent); font-size: 0.85rem; font-weight: 600; }

@media (max-width: 30rem) {
  body { padding: 1.25rem 0.75rem 1rem; gap: 1.25rem; }
  .card { padding: 1.5rem 1.25rem; border-radius: 0.85rem; }
  h1 { font-size: 1.5rem; }
  .facts > div { grid-template-columns: 1fr; }
  .wide .button.primary { width: 100%; }
  .steps > li { padding-left: 0; }
  .steps h2 { min-height: 1.6rem; margin-bottom: 0.6rem; padding-left: 2.75rem; }
  .actions { gap: 0.5rem; }
  .actions .button { flex: 1; padding-inline: 0.6rem; }
}

.print-only { display: none; }

@media print {
  :root { --ground: #ffffff; --card: #ffffff; --text: #000000; --soft: #000000; --tint: #ffffff; --line: #000000; }
  .print-only { display: block; }
  .no-print, .brand, footer { display: none !important; }
  body { display: block; min-height: 0; padding: 0; }
  .card { max-width: none; padding: 0; border: 0; box-shadow: none; }
  .codes { padding-left: 2rem; border: 1px solid #000000; break-inside: avoid; }
}
`
