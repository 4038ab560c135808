package tideline.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import tideline.events.EventDecoder;

class EventStreamTest {
  private static final Instant ARRIVED = Instant.parse("2025-01-18T10:00:00Z");

  @Test
  void aRecordHasTheTimeOfItsNewestEvent() {
    assertEquals(
        Instant.parse("2025-01-18T09:50:00Z").toEpochMilli(),
        eventTime(event("2025-01-18T09:50:00Z") + "\nno event\n" + event("2025-01-18T09:30:00Z")));
  }

  @Test
  void aClockThatRunsAheadMovesNothing() {
    assertEquals(ARRIVED.toEpochMilli(), eventTime(event("2025-01-18T11:59:00Z")));
  }

  @Test
  void aRecordWithoutAnEventHasNoTime() {
    assertEquals(ShardEventTimes.UNKNOWN, eventTime("no event"));
  }

  private static String event(String at) {
    return "{\"event_id\":\"e\",\"event_name\":\"n\",\"event_timestamp\":\"" + at + "\",\"payload\":{}}";
  }

  private static long eventTime(String lines) {
    return EventStream.eventTime(
        EventDecoder.decode(lines.getBytes(StandardCharsets.UTF_8), ARRIVED.toEpochMilli()));
  }
}
