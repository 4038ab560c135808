import type { PlannedEvent } from './events.ts';
import { QUARANTINE_REASONS, type QuarantineReason } from './faults.ts';
import { money } from './event-json.ts';
import type { RawLine } from './raw-lines.ts';
import { dateKey, HOUR_MS, hourKey } from './time.ts';

/** An event is late when it is older than this at the start of its arrival hour. */
const LATE_AFTER_MS = 48 * HOUR_MS;

/** What bronze.events must hold for an event. Fares are plain decimals with at most two places. */
export interface EventTruth {
  readonly event_id: string;
  readonly event_name: string;
  readonly event_timestamp: string;
  readonly event_date: string;
  readonly arrival_hour: string;
  readonly is_late: boolean;
  readonly schema_version: string;
  readonly app_version: string;
  readonly trip_id: string | null;
  readonly driver_id: string | null;
  readonly rider_id: string | null;
  readonly city_id: string | null;
  readonly geo_zone: string | null;
  readonly vehicle_type: string | null;
  readonly status: string | null;
  readonly start_lat: number | null;
  readonly start_lon: number | null;
  readonly end_lat: number | null;
  readonly end_lon: number | null;
  readonly estimated_fare: number | null;
  readonly actual_fare: number | null;
  readonly surge_multiplier: number | null;
  readonly rating: number | null;
  readonly duration: number | null;
  readonly file: string;
  readonly line: number;
}

/** A line that bronze.events_quarantine must hold. `line` counts from 1. */
export interface QuarantineTruth {
  readonly file: string;
  readonly line: number;
  readonly reason: QuarantineReason;
  readonly arrival_hour: string;
}

/** lines = published + duplicates + all quarantined. */
export interface HourTruth {
  readonly arrival_hour: string;
  lines: number;
  published: number;
  duplicates: number;
  readonly quarantined: Record<QuarantineReason, number>;
}

export function emptyHour(arrivalHour: string): HourTruth {
  const quarantined = Object.fromEntries(QUARANTINE_REASONS.map((reason) => [reason, 0])) as HourTruth['quarantined'];
  return { arrival_hour: arrivalHour, lines: 0, published: 0, duplicates: 0, quarantined };
}

export function countLine(hour: HourTruth, { outcome }: RawLine): void {
  hour.lines++;
  if (outcome.kind === 'published') hour.published++;
  else if (outcome.kind === 'duplicate') hour.duplicates++;
  else hour.quarantined[outcome.reason]++;
}

export function eventTruth(event: PlannedEvent, arrivalHourMs: number, file: string, line: number): EventTruth {
  return {
    event_id: event.eventId,
    event_name: event.eventName,
    event_timestamp: new Date(event.timestampMs).toISOString(),
    event_date: dateKey(event.timestampMs),
    arrival_hour: hourKey(arrivalHourMs),
    is_late: arrivalHourMs - event.timestampMs > LATE_AFTER_MS,
    schema_version: event.schemaVersion,
    app_version: event.appVersion,
    trip_id: event.tripId,
    driver_id: event.driverId,
    rider_id: event.riderId,
    city_id: event.cityId,
    geo_zone: event.geoZone,
    vehicle_type: event.vehicleType,
    status: event.status,
    start_lat: event.pickup?.latitude ?? null,
    start_lon: event.pickup?.longitude ?? null,
    end_lat: event.dropoff?.latitude ?? null,
    end_lon: event.dropoff?.longitude ?? null,
    estimated_fare: fareNumber(event.estimatedFareCents),
    actual_fare: fareNumber(event.actualFareCents),
    surge_multiplier: event.surgeMultiplier,
    rating: event.rating,
    duration: event.durationSeconds,
    file,
    line,
  };
}

/** The very number that the raw line says: the double nearest to the two decimals. */
function fareNumber(cents: number | null): number | null {
  return cents === null ? null : Number(money(cents));
}
