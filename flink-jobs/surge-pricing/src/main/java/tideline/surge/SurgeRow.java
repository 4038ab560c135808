package tideline.surge;

import java.math.BigDecimal;
import java.time.Duration;

/** What is known of a zone in five minutes of event time. Instants are milliseconds since 1970-01-01 UTC. */
public class SurgeRow {
  static final long WINDOW_MS = Duration.ofMinutes(5).toMillis();

  public String geoZone;
  public long windowStart;
  public long windowEnd;
  /** Trips that were requested. */
  public long riderRequests;
  /** Drivers who have told that they are available. */
  public long availableDrivers;
  public double demandSupplyRatio;
  public BigDecimal surgeMultiplier;
  /** Grows with each correction, and is the same whatever was read again. */
  public long version;
  public long emittedAt;

  /** For the serializer of the stream. */
  public SurgeRow() {}

  SurgeRow(String geoZone, long windowStart, long riderRequests, long availableDrivers) {
    this.geoZone = geoZone;
    this.windowStart = windowStart;
    this.windowEnd = windowStart + WINDOW_MS;
    this.riderRequests = riderRequests;
    this.availableDrivers = availableDrivers;
    long supply = Math.max(availableDrivers, 1);
    demandSupplyRatio = (double) riderRequests / supply;
    surgeMultiplier = multiplier(riderRequests, supply);
    version = riderRequests + availableDrivers;
  }

  static long windowStart(long timestamp) {
    return Math.floorDiv(timestamp, WINDOW_MS) * WINDOW_MS;
  }

  /** Of two rows of a zone that of the later window, and of one window that of the higher version. */
  static SurgeRow newer(SurgeRow one, SurgeRow other) {
    if (one.windowStart != other.windowStart) return one.windowStart > other.windowStart ? one : other;
    return one.version > other.version ? one : other;
  }

  /** In whole numbers: no fraction of two is 1.2. */
  private static BigDecimal multiplier(long requests, long supply) {
    if (5 * requests < 6 * supply) return new BigDecimal("1.00");
    if (requests < 2 * supply) return new BigDecimal("1.50");
    return new BigDecimal(requests < 3 * supply ? "2.00" : "2.50");
  }
}
