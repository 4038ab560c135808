package tideline.surge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static tideline.surge.SurgeEvents.available;
import static tideline.surge.SurgeEvents.in;
import static tideline.surge.SurgeEvents.located;
import static tideline.surge.SurgeEvents.requested;

import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;
import tideline.platform.KeyedHarness;

/** When rows go out, what is too late, and when a window is forgotten. */
class SurgeWindowsTest {
  private static final String BEFORE_END = "2025-01-18T10:04:59.998Z";
  private static final String END = "2025-01-18T10:04:59.999Z";
  private static final String BEFORE_FORGOTTEN = "2025-01-18T10:14:59.998Z";
  private static final String FORGOTTEN = "2025-01-18T10:14:59.999Z";

  @Test
  void emitsAWindowOnceWhenEventTimeHasPassedIt() throws Exception {
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.send(requested("t1", "10:00:00"), available("d1", "10:04:59.999"), requested("t2", "10:02:00"));
      assertEquals(List.of(), told(harness.watermark(BEFORE_END)));
      assertEquals(List.of("mitte 10:00 2/1 2.00"), told(harness.watermark(END)));
      assertEquals(List.of(), told(harness.watermark("2025-01-18T12:00:00Z")));
    }
  }

  @Test
  void beginsAWindowWithItsFirstInstant() throws Exception {
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.send(requested("t1", "10:04:59.999"), requested("t2", "10:05:00"), requested("t1", "10:05:00"));
      assertEquals(
          List.of("mitte 10:00 1/0 1.00", "mitte 10:05 2/0 2.00"), told(harness.watermark("2025-01-18T10:10:00Z")));
    }
  }

  @Test
  void countsADriverWhoReportsSixtyTimesOnce() throws Exception {
    try (SurgeHarness harness = new SurgeHarness()) {
      for (int report = 0; report < 60; report++)
        harness.send(located("d1", String.format("10:%02d:%02d", report / 12, report % 12 * 5), "AVAILABLE"));
      harness.send(requested("t1", "10:01:00"), requested("t1", "10:03:00"));
      assertEquals(List.of("mitte 10:00 1/1 1.00"), told(harness.watermark(END)));
    }
  }

  @Test
  void takesDriversOnlyWhereTheyAreAvailable() throws Exception {
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.send(
          available("d1", "10:00:00"),
          located("d2", "10:00:00", "AVAILABLE"),
          located("d3", "10:00:00", "ON_TRIP"),
          located("d4", "10:00:00", "available"),
          located("d5", "10:00:00", null),
          available(null, "10:00:00"),
          requested(null, "10:00:00"));
      assertEquals(List.of("mitte 10:00 0/2 1.00"), told(harness.watermark(END)));
    }
  }

  @Test
  void givesEventsWithoutAZoneOneOfTheirOwn() throws Exception {
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.send(in(null, requested("t1", "10:00:00")), in("", requested("t2", "10:01:00")));
      assertEquals(List.of("UNKNOWN 10:00 2/0 2.00"), told(harness.watermark(END)));
    }
  }

  @Test
  void emitsAWindowAgainForEachLateSignalThatChangesIt() throws Exception {
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.send(requested("t1", "10:00:00")).watermark(BEFORE_FORGOTTEN).rows();
      assertEquals(List.of("mitte 10:00 2/0 2.00"), told(harness.send(requested("t2", "10:01:00"))));
      assertEquals(List.of(), told(harness.send(requested("t2", "10:01:00"), requested("t1", "10:03:00"))));
      assertEquals(List.of("mitte 10:00 2/1 2.00"), told(harness.send(available("d1", "10:04:00"))));
      assertEquals(0, harness.count("lateEvents"));
    }
  }

  @Test
  void emitsAWindowAtOnceWhoseFirstSignalIsLate() throws Exception {
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.watermark(BEFORE_FORGOTTEN);
      assertEquals(List.of("mitte 10:00 1/0 1.00"), told(harness.send(requested("t1", "10:00:00"))));
      harness.watermark(FORGOTTEN);
      assertEquals(0, harness.values() + harness.timers());
    }
  }

  @Test
  void countsWhatComesAfterTheLatenessAndForgetsTheWindow() throws Exception {
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.send(requested("t1", "10:00:00"), available("d1", "10:00:00")).watermark(FORGOTTEN).rows();
      assertEquals(0, harness.values() + harness.timers());
      assertEquals(List.of(), told(harness.send(requested("t2", "10:01:00"), requested("t1", "10:00:00"))));
      assertEquals(2, harness.count("lateEvents"));
      assertEquals(0, harness.values() + harness.timers());
    }
  }

  @Test
  void goesOnInTheMiddleOfAWindow() throws Exception {
    OperatorSubtaskState snapshot;
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.send(requested("t1", "10:00:00"), available("d1", "10:01:00")).watermark("2025-01-18T10:01:00Z");
      snapshot = harness.snapshot();
    }
    try (SurgeHarness harness = new SurgeHarness(snapshot)) {
      harness.send(available("d1", "10:01:00"), requested("t2", "10:02:00"), requested("t1", "10:02:00"));
      assertEquals(List.of("mitte 10:00 2/1 2.00"), told(harness.watermark(END)));
    }
  }

  @Test
  void correctsAWindowThatWasEmittedBeforeARestart() throws Exception {
    OperatorSubtaskState snapshot;
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.send(requested("t1", "10:00:00")).watermark(END);
      snapshot = harness.snapshot();
    }
    try (SurgeHarness harness = new SurgeHarness(snapshot)) {
      assertEquals(List.of(), told(harness.send(requested("t1", "10:00:00"))));
      assertEquals(List.of("mitte 10:00 2/0 2.00"), told(harness.send(requested("t2", "10:00:00"))));
      assertEquals(List.of(), told(harness.watermark(FORGOTTEN)));
      assertEquals(0, harness.values() + harness.timers());
    }
  }

  @Test
  void doesNotBeginAForgottenWindowAnewAfterARestart() throws Exception {
    OperatorSubtaskState snapshot;
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.send(requested("t1", "10:00:00")).watermark(FORGOTTEN);
      snapshot = harness.snapshot();
    }
    try (SurgeHarness harness = new SurgeHarness(snapshot)) {
      assertEquals(List.of(), told(harness.send(requested("t2", "10:00:00"), available("d1", "10:00:00"))));
      assertEquals(2, harness.count("lateEvents"));
    }
  }

  private static List<String> told(KeyedHarness<Tuple2<String, Long>, Signal, SurgeRow> harness) {
    return harness.rows().stream()
        .map(
            row ->
                String.format(
                    "%s %s %d/%d %s",
                    row.geoZone,
                    Instant.ofEpochMilli(row.windowStart).toString().substring(11, 16),
                    row.riderRequests,
                    row.availableDrivers,
                    row.surgeMultiplier))
        .sorted()
        .collect(Collectors.toList());
  }
}
