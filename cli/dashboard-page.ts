import { DateTime } from 'luxon';
import type { AlarmStates, Span } from '../activities/cloudwatch/readings.ts';
import { alarms, runbookOf } from '../model/alarms.ts';
import { dashboardName } from '../model/dashboard.ts';
import { colorOf, drawChart, type DrawnChart } from './dashboard-chart.ts';
import { dashboardStyle } from './dashboard-style.ts';

export interface Dashboard {
  readonly span: Span;
  readonly states: AlarmStates;
  readonly charts: readonly DrawnChart[];
  /** Where the page finds the folder of the checkout. */
  readonly rootUrl: string;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
const time = (ms: number): string => DateTime.fromMillis(ms, { zone: 'utc' }).toFormat("d LLL yyyy HH:mm 'UTC'");

/** Which alarms ring, in a line; what CloudWatch does not know is not well. */
function headingOf({ ringing, unknown }: AlarmStates): readonly [state: string, text: string] {
  if (ringing.length > 0) return ['ringing', `Ringing: ${ringing.length} of ${alarms.length} alarms`];
  const well = `${alarms.length - unknown.length} of ${alarms.length} alarms are well`;
  return unknown.length > 0 ? ['unsure', `Nothing is known to ring: ${well}`] : ['quiet', `Nothing rings: ${well}`];
}

/** The alarms that ring, each with what to do; or that none does. */
function alarmList({ states, rootUrl }: Dashboard): string {
  const items = states.ringing.map(({ alarm, reason, since }) => {
    const runbook = runbookOf(alarm);
    return `<li>
<p><strong>${escape(alarm.name)}</strong>${since ? ` since ${time(since.getTime())}` : ''} · <a href="${escape(`${rootUrl}/${runbook}`)}">${escape(runbook)}</a></p>
<p>${escape(alarm.meaning)}.</p>
<p class="reason">${escape(reason)}</p>
</li>`;
  });
  const unknown = states.unknown.map(({ name }) => escape(name)).join(', ');
  const [state, heading] = headingOf(states);
  return `<section class="alarms ${state}">
<h2>${heading}</h2>
${items.length > 0 ? `<ul>${items.join('\n')}</ul>` : ''}
${unknown && `<p>CloudWatch knows nothing yet of ${unknown}.</p>`}
</section>`;
}

/** The colour, the name and the newest figure of each line. */
function legend({ series, readings }: DrawnChart): string {
  const items = series.map(({ label, axis }, index) => {
    const newest = readings[index]?.findLast(({ value }) => value !== null)?.value;
    const figure = newest?.toLocaleString('en-US', { maximumFractionDigits: 1 }) ?? 'no figure';
    const side = axis === 'right' ? ' <small>right axis</small>' : '';
    return `<li><i style="background: ${colorOf(index)}"></i>${escape(label)} <b>${figure}</b>${side}</li>`;
  });
  return `<ul class="legend">${items.join('')}</ul>`;
}

/** One page that needs nothing else: no script, no network. */
export function dashboardPage(dashboard: Dashboard): string {
  const { span, charts } = dashboard;
  const figures = charts.map(
    (chart) => `<figure aria-label="${escape(chart.title)}">
<figcaption><h2>${escape(chart.title)}</h2>${legend(chart)}</figcaption>
<div class="chart">${drawChart(chart, span)}</div>
</figure>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(dashboardName)}</title>
<style>${dashboardStyle}</style>
<header>
<h1>${escape(dashboardName)}</h1>
<p>${time(span.start)} to ${time(span.end)}, when this page was made; beside each name its newest figure</p>
</header>
${alarmList(dashboard)}
${figures.join('\n')}
</html>
`;
}
