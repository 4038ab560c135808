package tideline.events;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The cases of bronze.events, which Spark's tests run too. */
class EventDecoderTest {
  /** Columns of bronze that no application needs: not decoded here. */
  private static final Set<String> OF_BRONZE_ALONE =
      Set.of(
          "schema_version",
          "app_version",
          "start_address",
          "end_address",
          "payload",
          "is_late",
          "event_date",
          "row_hash",
          "data_source");

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS").withZone(ZoneOffset.UTC);

  static Stream<Path> cases() {
    return Products.cases("bronze.events").stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void readsTheLinesOfACaseAsBronzeDoes(Path file) {
    Map<String, Object> testCase = Products.read(file);
    List<Map<String, Object>> events = new ArrayList<>();
    List<Map<String, Object>> rejected = new ArrayList<>();
    @SuppressWarnings("unchecked")
    Map<String, List<String>> hours = (Map<String, List<String>>) testCase.get("raw");
    hours.forEach(
        (hour, lines) -> {
          long arrivedAt = Instant.parse(hour + ":00:00Z").toEpochMilli();
          for (int line = 0; line < lines.size(); line++) {
            DecodedLine decoded = only(EventDecoder.decode(lines.get(line).getBytes(UTF_8), arrivedAt));
            if (decoded.event != null) events.add(columns(decoded.event));
            else
              rejected.add(
                  Map.of("line", line + 1, "reason", decoded.rejected.reason, "raw", new String(decoded.rejected.line, UTF_8)));
          }
        });
    Map<?, ?> expected = (Map<?, ?>) testCase.get("expect");
    assertSameRows(Products.rows(expected.get("bronze.events")), firsts(events));
    assertSameRows(Products.rows(expected.get("bronze.events_quarantine")), rejected);
  }

  @Test
  void readsARecordOfSeveralLinesAsTheDeliveryWritesThem() {
    DecodedLine[] lines = EventDecoder.decode("{}\n\nx\n".getBytes(UTF_8), 0);
    assertEquals(
        List.of("MISSING_EVENT_ID", "EMPTY_LINE", "UNPARSABLE", "EMPTY_LINE"),
        List.of(lines[0].rejected.reason, lines[1].rejected.reason, lines[2].rejected.reason, lines[3].rejected.reason));
    assertEquals("x", new String(lines[2].rejected.line, UTF_8));
  }

  @Test
  void doesNotWriteOutAHugeNumber() {
    String line =
        "{\"event_id\":\"e\",\"event_name\":\"n\",\"event_timestamp\":\"2025-01-18T10:00:00Z\",\"payload\":"
            + "{\"trip_id\":\"t\",\"estimated_fare\":1e600000000,\"actual_fare\":1e-600000000}}";
    Event event = only(EventDecoder.decode(line.getBytes(UTF_8), Instant.parse("2025-01-18T10:00:00Z").toEpochMilli())).event;
    assertEquals(null, event.estimatedFare);
    assertEquals(new BigDecimal("0.00"), event.actualFare);
  }

  @Test
  void takesEventsFromTheTimeOnThatTheContractSays() {
    for (Map<String, Object> property : Products.rows(Products.contract("bronze.events").get("customProperties")))
      if ("source".equals(property.get("property"))) {
        Object earliest = ((Map<?, ?>) property.get("value")).get("earliestEvent");
        assertEquals(Instant.parse(earliest + "T00:00:00Z").toEpochMilli(), EventDecoder.EARLIEST_EVENT);
        return;
      }
    throw new AssertionError("The contract names no source");
  }

  private static DecodedLine only(DecodedLine[] lines) {
    assertEquals(1, lines.length);
    return lines[0];
  }

  /** Bronze keeps of an event its first copy. */
  private static List<Map<String, Object>> firsts(List<Map<String, Object>> events) {
    Map<Object, Map<String, Object>> first = new LinkedHashMap<>();
    events.forEach(event -> first.putIfAbsent(List.of(event.get("event_id"), event.get("event_timestamp")), event));
    return List.copyOf(first.values());
  }

  /** In the columns that the expected rows name; a column that a row does not say is null. */
  private static void assertSameRows(List<Map<String, Object>> expected, List<Map<String, Object>> rows) {
    List<String> names = new ArrayList<>();
    for (Map<String, Object> row : expected)
      for (String name : row.keySet()) if (!names.contains(name) && !OF_BRONZE_ALONE.contains(name)) names.add(name);
    assertEquals(plain(names, expected), plain(names, rows));
  }

  private static List<Map<String, String>> plain(List<String> names, List<Map<String, Object>> rows) {
    List<Map<String, String>> plain = new ArrayList<>();
    for (Map<String, Object> row : rows) {
      Map<String, String> texts = new LinkedHashMap<>();
      for (String name : names) texts.put(name, String.valueOf(row.get(name)));
      plain.add(texts);
    }
    return plain;
  }

  private static Map<String, Object> columns(Event event) {
    Map<String, Object> columns = new LinkedHashMap<>();
    columns.put("event_id", event.id);
    columns.put("event_name", event.name);
    columns.put("event_timestamp", TIME.format(Instant.ofEpochMilli(event.timestamp)));
    columns.put("trip_id", event.tripId);
    columns.put("driver_id", event.driverId);
    columns.put("rider_id", event.riderId);
    columns.put("city_id", event.cityId);
    columns.put("geo_zone", event.geoZone);
    columns.put("vehicle_type", event.vehicleType);
    columns.put("status", event.status);
    columns.put("start_lat", event.startLat);
    columns.put("start_lon", event.startLon);
    columns.put("end_lat", event.endLat);
    columns.put("end_lon", event.endLon);
    columns.put("estimated_fare", event.estimatedFare);
    columns.put("actual_fare", event.actualFare);
    columns.put("surge_multiplier", event.surgeMultiplier);
    columns.put("rating", event.rating);
    columns.put("duration", event.duration);
    return columns;
  }
}
