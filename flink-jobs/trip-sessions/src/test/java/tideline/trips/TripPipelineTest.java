package tideline.trips;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.parquet.example.data.Group;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tideline.platform.LocalPipeline;
import tideline.platform.ParquetFolder;
import tideline.platform.Quarantine;

/** From lines to files, on a cluster in this process. */
class TripPipelineTest {
  private static final long ARRIVED = Instant.parse("2025-01-18T10:30:00Z").toEpochMilli();

  @TempDir Path output;

  @Test
  void writesTripsAndRejectedLinesAsFilesThatMergesTake() throws Exception {
    run(
        line(
            "s",
            "trip_started",
            "10:00:00.250",
            "\"driver_id\":\"d\",\"pickup_location\":{\"latitude\":52.5,\"longitude\":13.4},\"estimated_fare\":10"),
        line(
            "c",
            "trip_completed",
            "10:20:00.750",
            "\"dropoff_location\":{\"latitude\":52.6,\"longitude\":13.4},\"status\":\"COMPLETED\",\"rating\":4.5,\"duration\":1199"),
        line("r", "trip_requested", "09:55:00.000", "\"surge_multiplier\":1.25"),
        "no event",
        line("p", "payment_processed", "10:21:00.000", "\"actual_fare\":11.01"));
    List<Group> trips = ParquetFolder.rows(output.resolve("streaming/trips"));
    assertEquals(List.of(2L, 3L, 4L), trips.stream().map(trip -> trip.getLong("version", 0)).collect(Collectors.toList()));
    Group newest = trips.get(2);
    assertEquals("t", newest.getString("trip_id", 0));
    assertEquals("d", newest.getString("driver_id", 0));
    assertEquals(0, newest.getFieldRepetitionCount("rider_id"));
    assertEquals(Instant.parse("2025-01-18T10:00:00.250Z").toEpochMilli() * 1_000, newest.getLong("start_time", 0));
    assertEquals(1_000, newest.getLong("estimated_fare", 0));
    assertEquals(1_101, newest.getLong("fare_amount", 0));
    assertEquals(125, newest.getInteger("surge_multiplier", 0));
    assertEquals(1_200, newest.getLong("duration_seconds", 0));
    assertEquals(1_199, newest.getLong("reported_duration_seconds", 0));
    assertEquals(20.0, newest.getDouble("duration_min", 0));
    assertEquals(11.12, newest.getDouble("distance_km", 0), 0.001);
    assertEquals(20_106, newest.getInteger("trip_date", 0));
    assertTrue(newest.getBoolean("surge_applied", 0));
    assertEquals(false, newest.getBoolean("is_final", 0));

    List<Group> rejected = ParquetFolder.rows(output.resolve("streaming/quarantine"));
    assertEquals(1, rejected.size());
    assertEquals("UNPARSABLE", rejected.get(0).getString("reason", 0));
    assertEquals("no event", new String(rejected.get(0).getBinary("line", 0).getBytes(), UTF_8));
    assertEquals(ARRIVED * 1_000, rejected.get(0).getLong("arrived_at", 0));
  }

  private void run(String... lines) throws Exception {
    String lake = output.toUri().toString().replaceFirst("/$", "");
    LocalPipeline.run(
        ARRIVED,
        TripSessionsApplication.OUT_OF_ORDER,
        records ->
            TripSessionsApplication.connect(
                records, Duration.ofHours(2), TripFiles.sink(lake), Quarantine.sink(lake)),
        lines);
  }

  private static String line(String id, String name, String time, String payload) {
    return String.format(
        "{\"event_id\":\"%s\",\"event_name\":\"%s\",\"event_timestamp\":\"2025-01-18T%sZ\",\"payload\":{\"trip_id\":\"t\",%s}}",
        id, name, time, payload);
  }
}
