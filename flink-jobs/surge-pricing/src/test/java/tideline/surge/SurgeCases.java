package tideline.surge;

import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tideline.events.Products;
import tideline.platform.FileColumns;

/** The cases of gold.surge_windows, which Spark's tests run too: rows of bronze.events, and what windows they make. */
final class SurgeCases {
  static final FileColumns COLUMNS = FileColumns.of("public.surge_pricing", "surge_live");

  private SurgeCases() {}

  /** The rows that a case expects, by zone and window. */
  static Map<String, Map<String, String>> expected(Path file) {
    Map<String, Map<String, String>> expected = new TreeMap<>();
    for (Map<String, String> row : Products.expected(file, "gold.surge_windows")) {
      // The batch's alone: where it keeps the row.
      row.remove("window_date");
      expected.put(key(row), row);
    }
    return expected;
  }

  /** The newest row of each window of the dates that a case builds, in some columns. */
  static Map<String, Map<String, String>> newest(Path file, List<SurgeRow> rows, Set<String> names) {
    Map<?, ?> build = (Map<?, ?>) Products.read(file).get("build");
    LocalDate start = LocalDate.parse((String) build.get("start"));
    LocalDate end = build.containsKey("end") ? LocalDate.parse((String) build.get("end")) : start.plusDays(1);
    Map<String, SurgeRow> newest = new TreeMap<>();
    for (SurgeRow row : rows) {
      LocalDate date = LocalDate.ofInstant(Instant.ofEpochMilli(row.windowStart), ZoneOffset.UTC);
      if (date.isBefore(start) || !date.isBefore(end)) continue;
      newest.merge(key(COLUMNS.texts(SurgeFiles.values(row))), row, SurgeRow::newer);
    }
    Map<String, Map<String, String>> found = new TreeMap<>();
    newest.forEach(
        (key, row) -> {
          found.put(key, COLUMNS.texts(SurgeFiles.values(row)));
          found.get(key).keySet().retainAll(names);
        });
    return found;
  }

  private static String key(Map<String, String> row) {
    return row.get("geo_zone") + " " + row.get("window_start");
  }
}
