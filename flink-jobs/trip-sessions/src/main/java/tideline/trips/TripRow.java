package tideline.trips;

import java.math.BigDecimal;
import java.math.RoundingMode;
import tideline.events.Event;

/**
 * A row of the stream's files: the columns of silver.trips and how new they are. Instants are milliseconds since 1970-01-01 UTC,
 * the date counts days since then.
 */
public class TripRow {
  private static final double EARTH_RADIUS_KM = 6371.0088;
  private static final long SUSPICIOUS_SECONDS = 240 * 60;
  private static final BigDecimal SUSPICIOUS_FARE = new BigDecimal(500);
  private static final BigDecimal SURGE_FACTOR = new BigDecimal("1.1");

  public String tripId;
  public String driverId;
  public String riderId;
  public String cityId;
  public String vehicleType;
  public Long requestedAt;
  public Long assignedAt;
  public long startTime;
  public Long endTime;
  public Long cancelledAt;
  public Double startLat;
  public Double startLon;
  public Double endLat;
  public Double endLon;
  public BigDecimal estimatedFare;
  public BigDecimal fareAmount;
  public BigDecimal surgeMultiplier;
  public Double rating;
  public Long durationSeconds;
  public Long reportedDurationSeconds;
  public Double durationMin;
  public Double distanceKm;
  public String status;
  public boolean isCompleted;
  public boolean isSuspicious;
  public boolean surgeApplied;
  public long eventCount;
  public long locationUpdates;
  public int tripDate;
  /** Events of the trip seen so far. */
  public long version;
  public long emittedAt;

  /** What the events of a trip's dates decide; a `trip_started` is among them. */
  static TripRow of(Decisions events) {
    TripRow row = new TripRow();
    row.startTime = events.started.timestamp;
    row.startLat = events.started.startLat;
    row.startLon = events.started.startLon;
    if (events.driver != null) row.driverId = events.driver.driverId;
    if (events.rider != null) row.riderId = events.rider.riderId;
    if (events.city != null) row.cityId = events.city.cityId;
    if (events.vehicle != null) row.vehicleType = events.vehicle.vehicleType;
    if (events.estimate != null) row.estimatedFare = events.estimate.estimatedFare;
    if (events.assigned != null) row.assignedAt = events.assigned.timestamp;
    if (events.cancelled != null) row.cancelledAt = events.cancelled.timestamp;
    if (events.paid != null) row.fareAmount = events.paid.actualFare;
    if (events.status != null) row.status = events.status.status;
    if (events.requested != null) {
      row.requestedAt = events.requested.timestamp;
      row.surgeMultiplier = events.requested.surgeMultiplier;
    }
    if (events.completed != null) row.complete(events.completed);
    row.isCompleted = "COMPLETED".equals(row.status);
    row.isSuspicious =
        (row.durationSeconds != null && row.durationSeconds > SUSPICIOUS_SECONDS)
            || (row.fareAmount != null && row.fareAmount.compareTo(SUSPICIOUS_FARE) > 0);
    row.surgeApplied =
        row.fareAmount != null
            && row.estimatedFare != null
            && row.fareAmount.compareTo(SURGE_FACTOR.multiply(row.estimatedFare)) > 0;
    return row;
  }

  boolean hasEnded() {
    return endTime != null || cancelledAt != null;
  }

  private void complete(Event completed) {
    endTime = completed.timestamp;
    endLat = completed.endLat;
    endLon = completed.endLon;
    rating = completed.rating;
    reportedDurationSeconds = completed.duration;
    durationSeconds = Math.floorDiv(endTime - startTime, 1_000L);
    durationMin = durationSeconds / 60.0;
    if (startLat != null && startLon != null && endLat != null && endLon != null)
      distanceKm = distanceKm(startLat, startLon, endLat, endLon);
  }

  private static double distanceKm(double startLat, double startLon, double endLat, double endLon) {
    double lat1 = Math.toRadians(startLat);
    double lat2 = Math.toRadians(endLat);
    double halfLat = Math.sin((lat2 - lat1) / 2);
    double halfLon = Math.sin((Math.toRadians(endLon) - Math.toRadians(startLon)) / 2);
    double chord = halfLat * halfLat + Math.cos(lat1) * Math.cos(lat2) * halfLon * halfLon;
    // Rounding may lift the chord of antipodes above 1, where the arc is not defined.
    double km = 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(chord > 1 ? 1 : chord));
    return Double.isNaN(km) ? km : BigDecimal.valueOf(km).setScale(3, RoundingMode.HALF_UP).doubleValue();
  }
}
