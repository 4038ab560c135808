package tideline.surge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.streaming.runtime.tasks.TestProcessingTimeService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;

/** What is written to DynamoDB, and when, and what becomes of it when DynamoDB does not take it. */
class ZoneLookupTest {
  private final TestProcessingTimeService clock = new TestProcessingTimeService();
  private final SimpleCounter superseded = new SimpleCounter();
  private FakeDynamo dynamo;
  private ZoneTable table;
  private ZoneLookupWriter writer;

  @BeforeEach
  void open() throws Exception {
    clock.setCurrentTime(0);
    dynamo = new FakeDynamo();
    table = new ZoneTable("surge-zones", "us-east-1", Optional.of(dynamo.endpoint()));
    writer = new ZoneLookupWriter(table, clock, superseded);
  }

  @AfterEach
  void close() {
    writer.close();
    dynamo.close();
  }

  @Test
  void putsAWindowUnlessTheTableHasItOrANewerOne() {
    assertTrue(table.put(row("mitte", "10:00", 6, 5)));
    Map<String, Object> put = dynamo.taken.get(0);
    assertEquals("surge-zones", put.get("TableName"));
    assertEquals(
        Map.of(
            "geo_zone", Map.of("S", "mitte"),
            "window_start", Map.of("S", "2025-01-18T10:00:00Z"),
            "window_end", Map.of("S", "2025-01-18T10:05:00Z"),
            "rider_requests", Map.of("N", "6"),
            "available_drivers", Map.of("N", "5"),
            "demand_supply_ratio", Map.of("N", "1.2"),
            "surge_multiplier", Map.of("N", "1.50"),
            "version", Map.of("N", "11"),
            "expires_at", Map.of("N", "1737198300")),
        put.get("Item"));
    assertEquals(
        "attribute_not_exists(geo_zone) OR window_start < :start OR (window_start = :start AND version < :version)",
        put.get("ConditionExpression"));
    assertEquals(
        Map.of(":start", Map.of("S", "2025-01-18T10:00:00Z"), ":version", Map.of("N", "11")),
        put.get("ExpressionAttributeValues"));
  }

  @Test
  void takesARefusedConditionForAnAnswer() {
    dynamo.failing("400 ConditionalCheckFailedException");
    assertFalse(table.put(row("mitte", "10:00", 6, 5)));
  }

  @Test
  void triesAgainUntilTheRowIsTaken() {
    dynamo.failing(
        "500 InternalServerError",
        "400 ProvisionedThroughputExceededException",
        FakeDynamo.NOTHING,
        "400 ThrottlingException",
        "503 ServiceUnavailable");
    assertTrue(table.put(row("mitte", "10:00", 6, 5)));
    assertEquals(0, dynamo.failuresLeft());
    assertEquals(1, dynamo.taken.size());
  }

  @Test
  void failsAtOnceWhereTryingAgainIsOfNoUse() {
    dynamo.failing("400 ResourceNotFoundException");
    assertThrows(ResourceNotFoundException.class, () -> table.put(row("mitte", "10:00", 6, 5)));
  }

  @Test
  void writesOfEachZoneTheNewestRowAtACheckpoint() {
    writer.write(row("mitte", "10:05", 1, 0), null);
    writer.write(row("mitte", "10:00", 9, 9), null);
    writer.write(row("mitte", "10:05", 2, 0), null);
    writer.write(row("mitte", "10:05", 1, 0), null);
    writer.write(row("wedding", "10:00", 1, 1), null);
    assertEquals(List.of(), dynamo.taken);
    writer.flush(false);
    assertEquals(
        List.of("mitte 2025-01-18T10:05:00Z 2", "wedding 2025-01-18T10:00:00Z 2"), taken());
    writer.flush(false);
    assertEquals(2, dynamo.taken.size());
  }

  @Test
  void doesNotWaitForACheckpointLongerThanASecond() throws Exception {
    writer.write(row("mitte", "10:00", 1, 0), null);
    clock.setCurrentTime(999);
    assertEquals(List.of(), dynamo.taken);
    clock.setCurrentTime(1_000);
    assertEquals(1, dynamo.taken.size());
    writer.write(row("mitte", "10:00", 2, 0), null);
    clock.setCurrentTime(2_000);
    assertEquals(2, dynamo.taken.size());
  }

  @Test
  void countsRowsThatTheTableHasNoUseFor() {
    dynamo.failing("400 ConditionalCheckFailedException");
    writer.write(row("mitte", "10:00", 1, 0), null);
    writer.flush(true);
    assertEquals(1, superseded.getCount());
    assertEquals(List.of(), dynamo.taken);
  }

  private List<String> taken() {
    return dynamo.taken.stream()
        .map(put -> (Map<?, ?>) put.get("Item"))
        .map(item -> only(item, "geo_zone") + " " + only(item, "window_start") + " " + only(item, "version"))
        .sorted()
        .collect(Collectors.toList());
  }

  private static Object only(Map<?, ?> item, String attribute) {
    return ((Map<?, ?>) item.get(attribute)).values().iterator().next();
  }

  private static SurgeRow row(String zone, String time, long requests, long drivers) {
    return new SurgeRow(zone, Instant.parse("2025-01-18T" + time + ":00Z").toEpochMilli(), requests, drivers);
  }
}
