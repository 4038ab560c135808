package tideline.trips;

import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tideline.events.Event;
import tideline.events.EventRows;
import tideline.events.Products;
import tideline.platform.FileColumns;

/** The cases of silver.trips, which Spark's tests run too: rows of bronze.events, and what trips they make. */
final class TripCases {
  static final FileColumns COLUMNS = FileColumns.of("public.trips_realtime", "trips_live");

  private TripCases() {}

  /** The events of a case, by trip. */
  static Map<String, List<Event>> events(Path file) {
    Map<String, List<Event>> byTrip = new LinkedHashMap<>();
    for (Event event : EventRows.of(file))
      if (event.tripId != null) byTrip.computeIfAbsent(event.tripId, trip -> new ArrayList<>()).add(event);
    return byTrip;
  }

  /** The rows that a case expects, by trip and date, in the columns that it names. */
  static Map<String, Map<String, String>> expected(Path file) {
    Map<String, Map<String, String>> expected = new TreeMap<>();
    for (Map<String, String> row : Products.expected(file, "silver.trips"))
      expected.put(row.get("trip_id") + " " + row.get("trip_date"), row);
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
          Map<String, String> all = COLUMNS.texts(TripFiles.values(row));
          Map<String, String> some = new TreeMap<>();
          for (String name : names) some.put(name, all.get(name));
          found.put(key, some);
        });
    return found;
  }

  static String key(TripRow row) {
    return row.tripId + " " + LocalDate.ofEpochDay(row.tripDate);
  }
}
