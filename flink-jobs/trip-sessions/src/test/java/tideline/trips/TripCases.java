package tideline.trips;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tideline.events.Event;
import tideline.events.Products;

/** The cases of silver.trips, which Spark's tests run too: rows of bronze.events, and what trips they make. */
final class TripCases {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS").withZone(ZoneOffset.UTC);

  private TripCases() {}

  /** The events of a case, by trip. */
  static Map<String, List<Event>> events(Path file) {
    Map<String, List<Event>> byTrip = new LinkedHashMap<>();
    Map<?, ?> inputs = (Map<?, ?>) Products.read(file).get("inputs");
    for (Map<String, Object> row : Products.rows(inputs.get("bronze.events"))) {
      Event event = event(row);
      if (event.tripId != null) byTrip.computeIfAbsent(event.tripId, trip -> new ArrayList<>()).add(event);
    }
    return byTrip;
  }

  /** The rows that a case expects, by trip and date, in the columns that it names. */
  static Map<String, Map<String, String>> expected(Path file) {
    List<Map<String, Object>> rows = Products.rows(((Map<?, ?>) Products.read(file).get("expect")).get("silver.trips"));
    List<String> names = new ArrayList<>();
    for (Map<String, Object> row : rows) for (String name : row.keySet()) if (!names.contains(name)) names.add(name);
    Map<String, Map<String, String>> expected = new TreeMap<>();
    for (Map<String, Object> row : rows) {
      Map<String, String> texts = new TreeMap<>();
      for (String name : names) texts.put(name, text(row.get(name)));
      expected.put(row.get("trip_id") + " " + row.get("trip_date"), texts);
    }
    return expected;
  }

  /** Rows of the stream, by trip and date, the newest of each, in some columns. */
  static Map<String, Map<String, String>> newest(List<TripRow> rows, Iterable<String> names) {
    Map<String, TripRow> newest = new TreeMap<>();
    for (TripRow row : rows)
      newest.merge(key(row), row, (one, other) -> other.version > one.version ? other : one);
    Map<String, Map<String, String>> found = new TreeMap<>();
    newest.forEach(
        (key, row) -> {
          Map<String, String> all = columns(row);
          Map<String, String> some = new TreeMap<>();
          for (String name : names) some.put(name, all.get(name));
          found.put(key, some);
        });
    return found;
  }

  static String key(TripRow row) {
    return row.tripId + " " + LocalDate.ofEpochDay(row.tripDate);
  }

  /** As the file has them, in the contract's names. */
  static Map<String, String> columns(TripRow row) {
    Map<String, String> columns = new LinkedHashMap<>();
    Object[] values = TripFiles.values(row);
    List<Map<String, Object>> properties = liveColumns();
    for (int index = 0; index < values.length; index++) {
      Map<String, Object> column = properties.get(index);
      columns.put((String) column.get("name"), text(typed(values[index], (String) column.get("physicalType"))));
    }
    return columns;
  }

  /** The columns of the stream's files, as the contract says them. */
  static List<Map<String, Object>> liveColumns() {
    for (Map<String, Object> table : Products.rows(Products.contract("public.trips_realtime").get("schema")))
      if ("trips_live".equals(table.get("name"))) return Products.rows(table.get("properties"));
    throw new AssertionError("The contract has no schema trips_live");
  }

  private static Object typed(Object value, String type) {
    if (value == null) return null;
    if (type.equals("timestamp")) return TIME.format(Instant.ofEpochMilli((Long) value));
    if (type.equals("date")) return LocalDate.ofEpochDay((Integer) value);
    return value;
  }

  private static String text(Object value) {
    if (value instanceof Double) return String.valueOf(Math.round((Double) value * 1e9) / 1e9);
    return String.valueOf(value);
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
