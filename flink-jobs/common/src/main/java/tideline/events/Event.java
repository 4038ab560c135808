package tideline.events;

import java.math.BigDecimal;

/**
 * A valid event, typed as bronze.events types it (its contract says the columns): what a payload lacks, or has in another
 * type, is null. Part of applications' state: a field may be added or taken away, but keeps its type.
 */
public class Event {
  public String id;
  public String name;
  /** Milliseconds since 1970-01-01 UTC. */
  public long timestamp;

  public String tripId;
  public String driverId;
  public String riderId;
  public String cityId;
  public String geoZone;
  public String vehicleType;
  public String status;
  /** Degrees. */
  public Double startLat;
  public Double startLon;
  public Double endLat;
  public Double endLon;
  public BigDecimal estimatedFare;
  public BigDecimal actualFare;
  public BigDecimal surgeMultiplier;
  public Double rating;
  /** Seconds. */
  public Long duration;

  public boolean is(String eventName) {
    return name.equals(eventName);
  }
}
