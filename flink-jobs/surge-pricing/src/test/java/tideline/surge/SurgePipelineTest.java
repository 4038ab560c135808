package tideline.surge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.parquet.schema.Type;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tideline.platform.LocalPipeline;
import tideline.platform.ParquetFolder;

/** From lines to files, on a cluster in this process. */
class SurgePipelineTest {
  private static final long ARRIVED = Instant.parse("2025-01-18T10:30:00Z").toEpochMilli();

  @TempDir Path output;

  @Test
  void writesWindowsAsFilesThatMergesTakeAndLeavesRejectedLinesToTheTrips() throws Exception {
    run(
        line("r1", "trip_requested", "10:00:00.250", "\"trip_id\":\"t1\",\"geo_zone\":\"mitte\""),
        line("r2", "trip_requested", "10:01:00.000", "\"trip_id\":\"t2\",\"geo_zone\":\"mitte\""),
        "no event",
        line("a1", "driver_available", "10:02:00.000", "\"driver_id\":\"d1\",\"geo_zone\":\"mitte\""),
        line("c1", "trip_completed", "10:03:00.000", "\"trip_id\":\"t3\",\"geo_zone\":\"mitte\""));
    List<Group> rows = ParquetFolder.rows(output.resolve("streaming/surge"));
    assertEquals(1, rows.size());
    Group row = rows.get(0);
    assertEquals("mitte", row.getString("geo_zone", 0));
    assertEquals(Instant.parse("2025-01-18T10:00:00Z").toEpochMilli() * 1_000, row.getLong("window_start", 0));
    assertEquals(Instant.parse("2025-01-18T10:05:00Z").toEpochMilli() * 1_000, row.getLong("window_end", 0));
    assertEquals(2, row.getLong("rider_requests", 0));
    assertEquals(1, row.getLong("available_drivers", 0));
    assertEquals(2.0, row.getDouble("demand_supply_ratio", 0));
    assertEquals(200, row.getInteger("surge_multiplier", 0));
    assertEquals(3, row.getLong("version", 0));
    assertFalse(Files.exists(output.resolve("streaming/quarantine")));
  }

  @Test
  void hasTheColumnsOfTheContractInItsOrder() {
    assertEquals(
        SurgeCases.COLUMNS.parquet(),
        MessageTypeParser.parseMessageType(SurgeFiles.SCHEMA).getFields().stream()
            .map(Type::toString)
            .collect(Collectors.toList()));
  }

  private void run(String... lines) throws Exception {
    LocalPipeline.run(
        ARRIVED,
        Duration.ofSeconds(30),
        records ->
            SurgePricingApplication.connect(
                records,
                Duration.ofMinutes(10),
                SurgeFiles.sink(output.toUri().toString().replaceFirst("/$", "")),
                new DiscardingSink<>()),
        lines);
  }

  private static String line(String id, String name, String time, String payload) {
    return String.format(
        "{\"event_id\":\"%s\",\"event_name\":\"%s\",\"event_timestamp\":\"2025-01-18T%sZ\",\"payload\":{%s}}",
        id, name, time, payload);
  }
}
