package tideline.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import tideline.events.EventDecoder;
import tideline.platform.EventStream.EventTimeOfShard;

class EventTimeOfShardTest {
  private static final long ARRIVED = Instant.parse("2025-01-18T10:00:00Z").toEpochMilli();

  private final EventTimeOfShard shard = new EventTimeOfShard(600_000);

  @Test
  void lagsBehindTheNewestEvent() {
    read("2025-01-18T09:50:00Z");
    read("2025-01-18T09:30:00Z");
    assertEquals(Instant.parse("2025-01-18T09:40:00Z").toEpochMilli() - 1, shard.getCurrentWatermark().getTimestamp());
  }

  @Test
  void isNotMovedByAClockThatRunsAhead() {
    read("2025-01-18T11:59:00Z");
    assertEquals(ARRIVED - 600_001, shard.getCurrentWatermark().getTimestamp());
  }

  @Test
  void knowsNoTimeBeforeItsFirstEvent() {
    shard.extractTimestamp(EventDecoder.decode("no event".getBytes(StandardCharsets.UTF_8), ARRIVED), Long.MIN_VALUE);
    assertEquals(Long.MIN_VALUE, shard.getCurrentWatermark().getTimestamp());
  }

  private void read(String at) {
    String line = "{\"event_id\":\"e\",\"event_name\":\"n\",\"event_timestamp\":\"" + at + "\",\"payload\":{}}";
    shard.extractTimestamp(EventDecoder.decode(line.getBytes(StandardCharsets.UTF_8), ARRIVED), Long.MIN_VALUE);
  }
}
