/** The page's colours, in the light and in the dark, and where things stand. */
export const dashboardStyle = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f3f4f6, #111418);
  --card: light-dark(#ffffff, #1b1f25);
  --ink: light-dark(#1a1d21, #e6e8eb);
  --faint: light-dark(#5b6470, #9aa4b1);
  --rule: light-dark(#dfe3e8, #323942);
  --alarm: light-dark(#b3261e, #ff8a80);
  --good: light-dark(#1b7f3b, #6fcf8b);
  --line-1: light-dark(#1f5fbf, #6aa5ff);
  --line-2: light-dark(#b85c00, #ffb066);
  --line-3: light-dark(#7b3fa0, #cf9cf0);
  --line-4: light-dark(#00796b, #5cd0c0);
  --line-5: light-dark(#9b2c5e, #ff93c0);
}
body {
  margin: 0 auto;
  padding: 24px;
  max-width: 1104px;
  background: var(--page);
  color: var(--ink);
  font: 14px/1.45 system-ui, sans-serif;
}
h1 { margin: 0; font-size: 22px; }
h2 { margin: 0; font-size: 15px; }
p { margin: 0; }
a { color: inherit; }
header p, .legend small { color: var(--faint); }
.alarms, figure {
  margin: 16px 0 0;
  padding: 14px 16px;
  border: 1px solid var(--rule);
  border-radius: 8px;
  background: var(--card);
}
.alarms { border-left-width: 6px; }
.ringing { border-left-color: var(--alarm); }
.ringing h2, .ringing strong { color: var(--alarm); }
.quiet { border-left-color: var(--good); }
.alarms ul { margin: 8px 0 0; padding: 0; list-style: none; }
.alarms li + li { margin-top: 10px; }
.reason { color: var(--faint); font-size: 13px; overflow-wrap: anywhere; }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 24px; justify-content: space-between; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0; padding: 0; list-style: none; }
.legend i { display: inline-block; width: 14px; height: 3px; margin-right: 6px; vertical-align: middle; }
.chart { overflow-x: auto; }
.chart svg { display: block; width: 100%; min-width: 720px; height: auto; }
`;
