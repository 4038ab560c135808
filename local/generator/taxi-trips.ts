import { deliver, type Delivery } from './delivery.ts';
import { DriverPool } from './drivers.ts';
import { money, renderEvent } from './event-json.ts';
import { NO_DETAILS, type Place, type PlannedEvent, type TripEventName } from './events.ts';
import { NO_MISHAPS } from './options.ts';
import { Random } from './random.ts';
import type { RawLine } from './raw-lines.ts';
import { readTaxiRows, type RejectedRow, type RowNote, type TaxiRow } from './taxi-rows.ts';
import { dateKey, DAY_MS, hourStart, keyStart, MINUTE_MS, SECOND_MS } from './time.ts';

export interface TaxiOptions {
  readonly seed?: string | number;
  /** Moves all trips by whole days, so that the first UTC day on which one starts becomes this date. */
  readonly shiftTo?: string;
  /** As for generated events: pads each event to about this size. No padding unless told otherwise. */
  readonly eventBytes?: number;
}

export interface TaxiTrips {
  /** The lines of all trips by arrival hour, in order; each event arrives once, within minutes. */
  readonly lines: () => Generator<RawLine, void, undefined>;
  /** The UTC dates on which trips start, in order. */
  readonly coveredDates: () => string[];
  readonly tripCount: number;
  readonly rejected: readonly RejectedRow[];
  readonly notes: readonly RowNote[];
}

type Details = Partial<Omit<PlannedEvent, 'eventId' | 'eventName' | 'timestampMs' | 'paddingSeed'>>;

/** Turns a CSV of New York taxi rides (the text of the file) into the events such rides would have sent. */
export function taxiTrips(csv: string, options: TaxiOptions = {}): TaxiTrips {
  const { rows, rejected, notes } = readTaxiRows(csv);
  const shiftMs = shiftOf(rows, options.shiftTo);
  const startTimes = rows.map((row) => row.pickup.instantMs + shiftMs);
  return {
    lines: () => taxiLines(rows, shiftMs, options),
    coveredDates: () => [...new Set(startTimes.map(dateKey))].sort(),
    tripCount: rows.length,
    rejected,
    notes,
  };
}

function shiftOf(rows: readonly TaxiRow[], shiftTo: string | undefined): number {
  const firstMs = rows.reduce((first, row) => Math.min(first, row.pickup.instantMs), Infinity);
  if (shiftTo === undefined || firstMs === Infinity) return 0;
  return keyStart(shiftTo) - Math.floor(firstMs / DAY_MS) * DAY_MS;
}

function* taxiLines(rows: readonly TaxiRow[], shiftMs: number, options: TaxiOptions): Generator<RawLine, void> {
  const { seed = 1, eventBytes = 0 } = options;
  const drivers = { yellow: new DriverPool('drv_yellow_'), green: new DriverPool('drv_green_') };
  const deliveries: Delivery[] = [];
  for (const row of rows.toSorted((a, b) => a.pickup.instantMs - b.pickup.instantMs)) {
    const random = new Random(seed, 'taxi', row.line, row.pickup.instantMs + shiftMs);
    const events = taxiEvents(row, shiftMs, drivers[row.color], random);
    for (const event of events) deliveries.push(...deliver(event, event.timestampMs, NO_MISHAPS, random));
  }
  deliveries.sort((a, b) => a.arrivalMs - b.arrivalMs);
  for (const { sent, arrivalMs } of deliveries) {
    yield {
      arrivalMs,
      arrivalHourMs: hourStart(arrivalMs),
      text: renderEvent(sent.event, eventBytes),
      outcome: { kind: 'published', event: sent.event },
    };
  }
}

/** The file knows the ride alone: what came before it and after it is made up, the same way every time. */
function taxiEvents(row: TaxiRow, shiftMs: number, drivers: DriverPool, random: Random): PlannedEvent[] {
  const startMs = row.pickup.instantMs + shiftMs;
  const endMs = row.dropoff.instantMs + shiftMs;
  const arrivedMs = startMs - random.integer(15 * SECOND_MS, 3 * MINUTE_MS);
  const assignedMs = arrivedMs - random.integer(MINUTE_MS, 9 * MINUTE_MS);
  const requestedMs = assignedMs - random.integer(5 * SECOND_MS, 90 * SECOND_MS);
  const paidMs = endMs + random.integer(10 * SECOND_MS, 2 * MINUTE_MS);
  const about = {
    ...NO_DETAILS,
    schemaVersion: 'v2.1',
    appVersion: '5.41.2',
    tripId: `taxi_${dateKey(startMs).replaceAll('-', '')}_${String(row.line).padStart(6, '0')}`,
    riderId: `rid_nyc_${String(random.integer(0, 2_000)).padStart(5, '0')}`,
    cityId: cityOf(row.pickup_borough),
    geoZone: row.pickup_zone,
    vehicleType: `${row.color}_taxi`,
  };
  const driverId = drivers.assign(assignedMs, endMs);
  const pickup = placeIn(row.pickup_zone);
  const dropoff = placeIn(row.dropoff_zone);
  const event = (eventName: TripEventName, timestampMs: number, details: Details): PlannedEvent => ({
    ...about,
    ...details,
    eventId: random.uuid(),
    eventName,
    timestampMs,
    paddingSeed: random.uint32(),
  });
  const request = { estimatedFareCents: row.fare, surgeMultiplier: 1, extra: `"passengers":${row.passengers}` };
  const payment =
    `"fare":${money(row.fare)},"tip":${money(row.tip)},"tolls":${money(row.tolls)},` +
    `"payment":${JSON.stringify(row.payment)}`;
  return [
    event('trip_requested', requestedMs, { status: 'PENDING', pickup, dropoff, ...request }),
    event('driver_assigned', assignedMs, { driverId, status: 'PENDING' }),
    event('driver_arrived', arrivedMs, { driverId, status: 'PENDING' }),
    event('trip_started', startMs, { driverId, status: 'ACTIVE', pickup }),
    event('trip_completed', endMs, {
      driverId,
      status: 'COMPLETED',
      dropoff,
      extra: `"distance_miles":${row.distance}`,
    }),
    event('payment_processed', paidMs, {
      driverId,
      status: 'COMPLETED',
      actualFareCents: row.total,
      extra: payment,
    }),
  ];
}

function cityOf(borough: string | null): string {
  return `nyc_${borough === null ? 'unknown' : borough.toLowerCase().replaceAll(' ', '_')}`;
}

/** The file names zones but holds no coordinates. */
function placeIn(zone: string | null): Place {
  return { latitude: null, longitude: null, address: zone };
}
