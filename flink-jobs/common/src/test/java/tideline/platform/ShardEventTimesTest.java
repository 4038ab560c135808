package tideline.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ShardEventTimesTest {
  private static final long IDLE = 60;

  private final ShardEventTimes times = new ShardEventTimes(IDLE);

  @Test
  void goesWithTheSlowestShard() {
    addBoth();
    times.event("a", 900);
    times.event("b", 500);
    times.event("b", 400);
    assertEquals(500, times.eventTime(0));
  }

  @Test
  void waitsForAShardThatWasNotReachedYet() {
    addBoth();
    times.event("a", 900);
    assertEquals(ShardEventTimes.UNKNOWN, times.eventTime(1_000_000));
  }

  @Test
  void waitsForAShardThatIsBehindHoweverLongItsRecordsTake() {
    addBoth();
    times.event("a", 900);
    times.event("b", 500);
    times.batch("b", true, true, 10);
    times.batch("b", true, false, 20);
    assertEquals(500, times.eventTime(1_000_000));
  }

  @Test
  void goesOnWithoutAShardThatWasAtItsEndForSoLong() {
    addBoth();
    times.event("a", 900);
    times.event("b", 500);
    times.batch("b", false, true, 10);
    times.batch("b", true, true, 40);
    assertEquals(500, times.eventTime(10 + IDLE - 1));
    assertEquals(900, times.eventTime(10 + IDLE));
    times.batch("b", false, true, 10 + IDLE);
    assertEquals(500, times.eventTime(10 + IDLE));
  }

  @Test
  void hasComeToTheNewestOfAllWhenNoneIsWaitedFor() {
    assertTrue(times.isIdle(0));
    assertEquals(ShardEventTimes.UNKNOWN, times.eventTime(0));
    addBoth();
    times.event("a", 900);
    times.event("b", 500);
    times.batch("a", true, true, 0);
    times.batch("b", true, true, 0);
    assertFalse(times.isIdle(IDLE - 1));
    assertTrue(times.isIdle(IDLE));
    assertEquals(900, times.eventTime(IDLE));
  }

  @Test
  void isAfterARestartWhereItWas() {
    addBoth();
    times.event("a", 900);
    times.event("b", 500);
    times.add("without an event");

    ShardEventTimes restarted = restartFrom(times.saved());
    // Nothing is lost by a checkpoint before the shards are known again.
    assertEquals(times.saved(), restarted.saved());
    restarted.add("a");
    assertEquals(times.saved(), restarted.saved());
    restarted.add("b");
    restarted.begin();
    assertEquals(500, restarted.eventTime(0));
  }

  @Test
  void keepsOnlyItsOwnShards() {
    ShardEventTimes restarted = restartFrom(Map.of("a", 900L, "of another subtask", 500L));
    restarted.restore("a", 800);
    restarted.add("a");
    restarted.begin();
    assertEquals(Map.of("a", 900L), restarted.saved());
    assertEquals(900, restarted.eventTime(0));
  }

  private void addBoth() {
    times.add("a");
    times.add("b");
  }

  private static ShardEventTimes restartFrom(Map<String, Long> saved) {
    ShardEventTimes restarted = new ShardEventTimes(IDLE);
    saved.forEach(restarted::restore);
    return restarted;
  }
}
