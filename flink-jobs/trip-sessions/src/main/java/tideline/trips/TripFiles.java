package tideline.trips;

import org.apache.flink.connector.file.sink.FileSink;
import tideline.platform.ParquetFiles;

/** The files that merges take: the schema `trips_live` of products/public/trips_realtime/contract.yaml, column by column. */
final class TripFiles {
  static final String SCHEMA =
      "message trips_live {"
          + " required binary trip_id (STRING);"
          + " optional binary driver_id (STRING);"
          + " optional binary rider_id (STRING);"
          + " optional binary city_id (STRING);"
          + " optional binary vehicle_type (STRING);"
          + " optional int64 requested_at (TIMESTAMP(MICROS,false));"
          + " optional int64 assigned_at (TIMESTAMP(MICROS,false));"
          + " required int64 start_time (TIMESTAMP(MICROS,false));"
          + " optional int64 end_time (TIMESTAMP(MICROS,false));"
          + " optional int64 cancelled_at (TIMESTAMP(MICROS,false));"
          + " optional double start_lat;"
          + " optional double start_lon;"
          + " optional double end_lat;"
          + " optional double end_lon;"
          + " optional int64 estimated_fare (DECIMAL(12,2));"
          + " optional int64 fare_amount (DECIMAL(12,2));"
          + " optional int32 surge_multiplier (DECIMAL(4,2));"
          + " optional double rating;"
          + " optional int64 duration_seconds;"
          + " optional int64 reported_duration_seconds;"
          + " optional double duration_min;"
          + " optional double distance_km;"
          + " optional binary status (STRING);"
          + " required boolean is_completed;"
          + " required boolean is_suspicious;"
          + " required boolean surge_applied;"
          + " required int64 event_count;"
          + " required int64 location_updates;"
          + " required int32 trip_date (DATE);"
          + " required int64 version;"
          + " required int64 emitted_at (TIMESTAMP(MICROS,false));"
          + " required boolean is_final;"
          + " }";

  private TripFiles() {}

  static FileSink<TripRow> sink(String output) {
    return ParquetFiles.sink(output + "/streaming/trips", SCHEMA, TripFiles::values);
  }

  static Object[] values(TripRow row) {
    return new Object[] {
      row.tripId,
      row.driverId,
      row.riderId,
      row.cityId,
      row.vehicleType,
      row.requestedAt,
      row.assignedAt,
      row.startTime,
      row.endTime,
      row.cancelledAt,
      row.startLat,
      row.startLon,
      row.endLat,
      row.endLon,
      row.estimatedFare,
      row.fareAmount,
      row.surgeMultiplier,
      row.rating,
      row.durationSeconds,
      row.reportedDurationSeconds,
      row.durationMin,
      row.distanceKm,
      row.status,
      row.isCompleted,
      row.isSuspicious,
      row.surgeApplied,
      row.eventCount,
      row.locationUpdates,
      row.tripDate,
      row.version,
      row.emittedAt,
      // The batch has the last word about a trip.
      false
    };
  }
}
