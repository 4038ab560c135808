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
    times.read("b", true, 10);
    times.read("b", false, 20);
    assertEquals(500, times.eventTime(1_000_000));
  }

  @Test
  void goesOnWithoutAShardThatWasAtItsEndForSoLong() {
    addBoth();
    times.event("a", 900);
    times.event("b", 500);
    times.read("b", true, 10);
    times.read("b", true, 10 + IDLE - 1);
    assertEquals(500, times.eventTime(10 + IDLE - 1));
    times.read("b", true, 10 + IDLE);
    assertEquals(900, times.eventTime(10 + IDLE));
    times.reading("b");
    assertEquals(500, times.eventTime(1_000_000));
    times.event("b", 600);
    times.read("b", true, 1_000_000);
    times.read("b", true, 1_000_000 + IDLE - 1);
    assertEquals(600, times.eventTime(1_000_000 + IDLE - 1));
    times.read("b", true, 1_000_000 + IDLE);
    assertEquals(900, times.eventTime(1_000_000 + IDLE));
  }

  @Test
  void waitsForAShardWhoseReadsGetNoAnswer() {
    addBoth();
    times.event("a", 900);
    times.event("b", 500);
    times.read("b", true, 10);
    times.read("b", true, 40);
    assertEquals(500, times.eventTime(1_000_000));
    assertFalse(times.isIdle(1_000_000));
    times.read("b", true, 1_000_000);
    assertEquals(900, times.eventTime(1_000_000));
  }

  @Test
  void isNotHeldBackByRecordsWithoutAnEvent() {
    addBoth();
    times.event("a", 900);
    for (long now = 0; now <= IDLE; now += IDLE / 2) {
      times.reading("b");
      times.event("b", ShardEventTimes.UNKNOWN);
      times.read("b", true, now);
    }
    assertEquals(900, times.eventTime(IDLE));
  }

  @Test
  void keepsWhatAShardHadThatWasSplit() {
    addBoth();
    times.event("a", 900);
    times.ended("a", 0);
    ShardEventTimes restarted = restartFrom(times.saved());
    restarted.add("a");
    restarted.ended("a", 0);
    restarted.add("after a");
    restarted.begin();
    assertEquals(ShardEventTimes.UNKNOWN, restarted.eventTime(1_000));
    restarted.read("after a", true, 1_000);
    restarted.read("after a", true, 1_000 + IDLE);
    assertEquals(900, restarted.eventTime(1_000 + IDLE));
  }

  @Test
  void hasComeToTheNewestOfAllWhenNoneIsWaitedFor() {
    assertTrue(times.isIdle(0));
    assertEquals(ShardEventTimes.UNKNOWN, times.eventTime(0));
    addBoth();
    times.event("a", 900);
    times.event("b", 500);
    for (String shard : new String[] {"a", "b"}) {
      times.read(shard, true, 0);
      times.read(shard, true, IDLE - 1);
    }
    assertFalse(times.isIdle(IDLE - 1));
    for (String shard : new String[] {"a", "b"}) times.read(shard, true, IDLE);
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
