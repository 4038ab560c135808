import type { StreamStatus } from '../model/messages/streams.ts';
import { markdownTable } from './markdown.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What a supervision sees and does, as the Web UI draws it. */
export function streamDetails({ application, state, look, health, supervision }: StreamStatus, code: string): string {
  const { paused, refused, rewind, happenings } = supervision;
  const facts: [string, string][] = [
    ['code', `\`${code.slice(code.lastIndexOf('/') + 1)}\``],
    ['version', look ? `${look.versionId}, ${look.status ?? 'not made yet'}` : 'not looked at yet'],
    ['snapshots', look?.snapshots[0] ? `${look.snapshots.length}, the newest of ${look.snapshots[0].takenAt}` : 'none'],
  ];
  if (look && look.differs.length > 0) facts.push(['not as desired', look.differs.join(', ')]);
  if (health) {
    const { behindMs, checkpointMs, failedCheckpoints, restarts } = health;
    facts.push(
      ['behind the stream', behindMs === null ? 'not told' : seconds(behindMs.last)],
      ['last checkpoint', checkpointMs === null ? 'none yet' : `took ${seconds(checkpointMs)}`],
      ['in the last minutes', `${failedCheckpoints} checkpoints failed, ${restarts} restarts`],
    );
  }
  return [
    `**${application}**: ${state}`,
    ...(paused ? ['', `Paused by ${paused.by}: ${paused.why}. \`resume\` starts it again.`] : []),
    ...(rewind ? ['', `Goes back to ${rewind.snapshot}, for ${rewind.by}.`] : []),
    ...(refused === null ? [] : ['', `**The update is refused**: ${refused.why}`]),
    '',
    markdownTable(['', ' '], [], facts),
    '',
    markdownTable(
      ['when', 'what'],
      [],
      happenings.map(({ at, what }) => [at, what.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')]),
    ),
  ].join('\n');
}
