import type { PlannedEvent } from './events.ts';
import { envelopeOf, renderEvent } from './event-json.ts';
import type { Random } from './random.ts';
import { DAY_MS } from './time.ts';

export const QUARANTINE_REASONS = [
  'UNPARSABLE',
  'EMPTY_LINE',
  'MISSING_EVENT_ID',
  'MISSING_EVENT_NAME',
  'MISSING_TIMESTAMP',
  'BAD_TIMESTAMP',
  'FUTURE_TIMESTAMP',
  'ANCIENT_TIMESTAMP',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** What is no envelope at all: a producer that looks refuses it. A time out of reach is bronze's to judge. */
export const EDGE_REASONS: ReadonlySet<QuarantineReason> = new Set(
  QUARANTINE_REASONS.filter((reason) => reason !== 'FUTURE_TIMESTAMP' && reason !== 'ANCIENT_TIMESTAMP'),
);

/** A way to spoil an event, and what the pipeline must say about the line. */
export interface Fault {
  readonly reason: QuarantineReason;
  /** `chosen` is a number in [0, 1) that picks a variant. */
  readonly spoil: (event: PlannedEvent, eventBytes: number, arrivalHourMs: number, chosen: number) => string;
}

const withMembers =
  (members: (event: PlannedEvent, arrivalHourMs: number, chosen: number) => Partial<ReturnType<typeof envelopeOf>>) =>
  (event: PlannedEvent, eventBytes: number, arrivalHourMs: number, chosen: number): string =>
    renderEvent(event, eventBytes, { ...envelopeOf(event), ...members(event, arrivalHourMs, chosen) });

const variant = (chosen: number, ...variants: [string, ...string[]]): string =>
  variants[Math.floor(chosen * variants.length)] ?? variants[0];

const stamp = (instantMs: number): string => `"event_timestamp":"${new Date(instantMs).toISOString()}",`;

const EARLIEST_EVENT_MS = Date.parse('2024-01-01T00:00:00.000Z');

const FAULTS: readonly [Fault, ...Fault[]] = [
  {
    reason: 'UNPARSABLE',
    spoil: (event, eventBytes, _hour, chosen) => {
      const line = renderEvent(event, eventBytes);
      return line.slice(0, 1 + Math.floor(chosen * (line.length - 2)));
    },
  },
  {
    reason: 'UNPARSABLE',
    spoil: (_event, _bytes, _hour, chosen) =>
      variant(chosen, 'GET /healthz 200', '<html><body>502 Bad Gateway</body></html>', 'null', '"trip_started"', '42'),
  },
  { reason: 'UNPARSABLE', spoil: (event, eventBytes) => `[${renderEvent(event, eventBytes)}]` },
  { reason: 'EMPTY_LINE', spoil: (_event, _bytes, _hour, chosen) => variant(chosen, '', '', '   ') },
  {
    reason: 'MISSING_EVENT_ID',
    spoil: withMembers((_event, _hour, chosen) => ({ id: variant(chosen, '"event_id":null,', '') })),
  },
  {
    reason: 'MISSING_EVENT_NAME',
    spoil: withMembers((_event, _hour, chosen) => ({ name: variant(chosen, '"event_name":null,', '') })),
  },
  {
    reason: 'MISSING_TIMESTAMP',
    spoil: withMembers((_event, _hour, chosen) => ({ timestamp: variant(chosen, '"event_timestamp":null,', '') })),
  },
  {
    reason: 'BAD_TIMESTAMP',
    spoil: withMembers((_event, _hour, chosen) => ({
      timestamp: `"event_timestamp":"${variant(chosen, 'yesterday', '2025-13-45T99:99:99.000Z', '2025-02-30T10:00:00.000Z', '18/01/2025 08:14')}",`,
    })),
  },
  {
    reason: 'FUTURE_TIMESTAMP',
    spoil: withMembers((_event, arrivalHourMs, chosen) => ({
      timestamp: stamp(arrivalHourMs + DAY_MS + Math.floor(chosen * 400 * DAY_MS)),
    })),
  },
  {
    reason: 'ANCIENT_TIMESTAMP',
    spoil: withMembers((_event, _hour, chosen) => ({
      timestamp: stamp(chosen < 0.2 ? 0 : EARLIEST_EVENT_MS - 1 - Math.floor((chosen - 0.2) * 900 * DAY_MS)),
    })),
  },
];

export function pickFault(random: Random): Fault {
  return random.pick(FAULTS);
}
