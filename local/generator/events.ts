export type TripEventName =
  | 'trip_requested'
  | 'driver_assigned'
  | 'driver_arrived'
  | 'trip_started'
  | 'trip_completed'
  | 'trip_cancelled'
  | 'payment_processed'
  | 'driver_available'
  | 'driver_location_updated';

export type TripStatus = 'PENDING' | 'ACTIVE' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
/** What a driver tells of himself with where he is. */
export type DriverStatus = 'AVAILABLE' | 'ON_TRIP';

export interface Place {
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly address: string | null;
}

/** One event as it happened, before anything goes wrong on its way. Money is in cents. */
export interface PlannedEvent {
  readonly eventId: string;
  readonly eventName: TripEventName;
  readonly timestampMs: number;
  readonly schemaVersion: string;
  readonly appVersion: string;
  readonly tripId: string | null;
  readonly driverId: string | null;
  readonly riderId: string | null;
  readonly cityId: string | null;
  readonly geoZone: string | null;
  readonly vehicleType: string | null;
  readonly status: TripStatus | DriverStatus | null;
  readonly pickup: Place | null;
  readonly dropoff: Place | null;
  readonly estimatedFareCents: number | null;
  readonly actualFareCents: number | null;
  readonly surgeMultiplier: number | null;
  readonly rating: number | null;
  /** Of the whole trip, as the app measures it. */
  readonly durationSeconds: number | null;
  /** More payload members, already JSON (`"tip":1.50`), or empty. */
  readonly extra: string;
  /** Picks this event's padding, so that a repeated delivery of it has the same bytes. */
  readonly paddingSeed: number;
}

export const NO_DETAILS = {
  tripId: null,
  driverId: null,
  riderId: null,
  cityId: null,
  geoZone: null,
  vehicleType: null,
  status: null,
  pickup: null,
  dropoff: null,
  estimatedFareCents: null,
  actualFareCents: null,
  surgeMultiplier: null,
  rating: null,
  durationSeconds: null,
  extra: '',
} as const;
