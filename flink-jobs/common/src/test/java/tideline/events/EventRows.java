package tideline.events;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Rows of bronze.events, as cases say them, to events. */
public final class EventRows {
  private EventRows() {}

  /** The events of a case, in its order. */
  public static List<Event> of(Path file) {
    List<Event> events = new ArrayList<>();
    Map<?, ?> inputs = (Map<?, ?>) Products.read(file).get("inputs");
    for (Map<String, Object> row : Products.rows(inputs.get("bronze.events"))) events.add(event(row));
    return events;
  }

  private static Event event(Map<String, Object> row) {
    Event event = new Event();
    for (Map.Entry<String, Object> column : row.entrySet()) {
      String text = column.getValue() == null ? null : String.valueOf(column.getValue());
      if (text != null) set(event, column.getKey(), text);
    }
    return event;
  }

  private static void set(Event event, String column, String value) {
    switch (column) {
      case "event_id":
        event.id = value;
        break;
      case "event_name":
        event.name = value;
        break;
      case "event_timestamp":
        event.timestamp = Instant.parse(value.replace(' ', 'T') + "Z").toEpochMilli();
        break;
      case "event_date":
      case "arrival_hour":
      case "is_late":
        break;
      case "trip_id":
        event.tripId = value;
        break;
      case "driver_id":
        event.driverId = value;
        break;
      case "rider_id":
        event.riderId = value;
        break;
      case "city_id":
        event.cityId = value;
        break;
      case "geo_zone":
        event.geoZone = value;
        break;
      case "vehicle_type":
        event.vehicleType = value;
        break;
      case "status":
        event.status = value;
        break;
      case "start_lat":
        event.startLat = Double.valueOf(value);
        break;
      case "start_lon":
        event.startLon = Double.valueOf(value);
        break;
      case "end_lat":
        event.endLat = Double.valueOf(value);
        break;
      case "end_lon":
        event.endLon = Double.valueOf(value);
        break;
      case "estimated_fare":
        event.estimatedFare = new BigDecimal(value).setScale(2);
        break;
      case "actual_fare":
        event.actualFare = new BigDecimal(value).setScale(2);
        break;
      case "surge_multiplier":
        event.surgeMultiplier = new BigDecimal(value).setScale(2);
        break;
      case "rating":
        event.rating = Double.valueOf(value);
        break;
      case "duration":
        event.duration = Long.valueOf(value);
        break;
      default:
        throw new IllegalArgumentException("No application reads the column " + column + " of a case");
    }
  }
}
