package tideline.surge;

import org.apache.flink.api.java.tuple.Tuple2;
import tideline.events.Event;

/** That a trip was requested in a zone, or that a driver was available there, in a window. */
public class Signal {
  private static final String UNKNOWN_ZONE = "UNKNOWN";

  public String geoZone;
  /** Milliseconds since 1970-01-01 UTC. */
  public long windowStart;
  public boolean isRequest;
  /** Of the trip that was requested, or of the driver. */
  public String id;

  /** For the serializer of the stream. */
  public Signal() {}

  /** What an event tells; null where it tells nothing of demand or supply. */
  static Signal of(Event event) {
    Signal signal = new Signal();
    signal.isRequest = event.is("trip_requested");
    if (!signal.isRequest && !tellsOfDriver(event)) return null;
    signal.id = signal.isRequest ? event.tripId : event.driverId;
    if (signal.id == null) return null;
    signal.geoZone = event.geoZone == null || event.geoZone.isEmpty() ? UNKNOWN_ZONE : event.geoZone;
    signal.windowStart = SurgeRow.windowStart(event.timestamp);
    return signal;
  }

  Tuple2<String, Long> key() {
    return Tuple2.of(geoZone, windowStart);
  }

  private static boolean tellsOfDriver(Event event) {
    return event.is("driver_available") || (event.is("driver_location_updated") && "AVAILABLE".equals(event.status));
  }
}
