import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { format } from 'prettier';
import { binaries } from '../../local/redshift-data/postgres/binaries.ts';
import { tunedSettings } from './airflow-settings.ts';
import { airflowCommand } from './install-airflow.ts';
import type { Measurement } from './measure.ts';

const markers = ['<!-- written by: npm run bench -- airflow --write -->', '<!-- end of what is written -->'] as const;
const headings = ['case', 'by', 'wall', 'CPU', 'memory', 'begun twice', 'done twice', 'lost', 'remark'];
const isText = (heading: string): boolean => ['case', 'by', 'remark'].includes(heading);

/** What the figures were measured on and with; `load` is that of others, before the measuring. */
export function circumstances(root: string, load: number): string {
  const answer = (command: string, argument = '--version'): string =>
    execFileSync(command, [argument], { encoding: 'utf8' }).trim();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const lines = [
    `Machine: ${cpus().length} cores, ${gibibytes} GiB, Linux ${release()}, ${new Date().toISOString().slice(0, 10)}, load before: ${load.toFixed(1)}.`,
    `Airflow ${answer(airflowCommand(root), 'version')} on ${answer(binaries().postgres)};`,
    `${answer(join(root, '.tideline', 'tools', 'venv', 'bin', 'temporal'))}, Node ${process.version}.`,
    `Set for Airflow: ${tunedSettings.map((setting) => `\`${setting}\``).join(', ')}.`,
  ];
  return lines.join(' ');
}

/** A Markdown table, the orchestrators of a case one below the other. */
export async function figuresTable(measurements: readonly Measurement[]): Promise<string> {
  const names = [...new Set(measurements.map(({ caseName }) => caseName))];
  const rows = names.flatMap((name) => measurements.filter(({ caseName }) => caseName === name).map(row));
  const lines = [headings, headings.map((heading) => (isText(heading) ? '---' : '--:')), ...rows];
  return (await format(lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n'), { parser: 'markdown' })).trim();
}

function row(measured: Measurement): string[] {
  const { caseName, orchestrator, tasks, wallSeconds, cpuSeconds, peakMebibytes, remark } = measured;
  return [
    tasks > 0 ? `${caseName}, ${tasks.toLocaleString('en-US')} tasks` : caseName,
    orchestrator,
    `${wallSeconds.toFixed(1)} s`,
    `${cpuSeconds.toFixed(1)} s`,
    `${peakMebibytes.toFixed(0)} MiB`,
    ...[measured.begunTwice, measured.doneTwice, measured.lost].map(String),
    remark,
  ];
}

/** A document with its figures replaced. Throws when it has no place for them. */
export function withFigures(document: string, figures: string): string {
  const [begin, end] = markers.map((marker) => document.indexOf(marker));
  if (begin === undefined || end === undefined || begin < 0 || end < begin)
    throw new Error(`docs/airflow.md has no place for figures: it needs the lines ${markers.join(' and ')}`);
  return `${document.slice(0, begin)}${markers[0]}\n\n${figures}\n\n${document.slice(end)}`;
}
