package tideline.surge;

import java.time.Instant;
import tideline.events.Event;

/** Events of 2025-01-18 in the zone `mitte`. */
final class SurgeEvents {
  private SurgeEvents() {}

  static Event requested(String trip, String time) {
    Event event = event("trip_requested", time);
    event.tripId = trip;
    return event;
  }

  static Event available(String driver, String time) {
    Event event = event("driver_available", time);
    event.driverId = driver;
    return event;
  }

  static Event located(String driver, String time, String status) {
    Event event = event("driver_location_updated", time);
    event.driverId = driver;
    event.status = status;
    return event;
  }

  static Event in(String zone, Event event) {
    event.geoZone = zone;
    return event;
  }

  private static Event event(String name, String time) {
    Event event = new Event();
    event.name = name;
    event.timestamp = Instant.parse("2025-01-18T" + time + "Z").toEpochMilli();
    event.geoZone = "mitte";
    return event;
  }
}
