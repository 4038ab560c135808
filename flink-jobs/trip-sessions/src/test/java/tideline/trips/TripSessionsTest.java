package tideline.trips;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;
import tideline.events.Event;
import tideline.platform.KeyedHarness;

/** When rows go out, and when a trip is forgotten. */
class TripSessionsTest {
  private static final Event REQUESTED = event("r", "trip_requested", "2025-01-18T09:50:00Z");
  private static final Event STARTED = event("s", "trip_started", "2025-01-18T10:00:00Z");
  private static final Event COMPLETED = event("c", "trip_completed", "2025-01-18T10:20:00Z");
  private static final Event CANCELLED = event("x", "trip_cancelled", "2025-01-18T10:05:00Z");
  private static final Event PAID = paid("p", "2025-01-18T10:21:00Z", "12.50");

  @Test
  void emitsATripWhenItEndsAndAgainWhenItIsPaid() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      assertEquals(List.of(), versions(harness.send(REQUESTED, STARTED)));
      assertEquals(List.of(3L), versions(harness.send(COMPLETED)));
      List<TripRow> corrected = harness.send(PAID).rows();
      assertEquals(4, corrected.get(0).version);
      assertEquals(new BigDecimal("12.50"), corrected.get(0).fareAmount);
    }
  }

  @Test
  void emitsATripThatIsCancelledAfterItsStart() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      assertEquals(List.of(), versions(harness.send(CANCELLED)));
      assertEquals(List.of(2L), versions(harness.send(STARTED)));
    }
  }

  @Test
  void emitsNoTripOfOneEvent() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      harness.send(STARTED).watermark("2025-01-20T23:59:59Z");
      assertEquals(List.of(), harness.rows());
    }
  }

  @Test
  void takesAnEventOnceHoweverLateItsCopyComes() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      harness.send(STARTED, COMPLETED).watermark("2025-01-20T20:00:00Z").rows();
      assertEquals(List.of(), versions(harness.send(COMPLETED, STARTED)));
      assertEquals(2, harness.count("repeatedEvents"));
    }
  }

  @Test
  void takesAnIdWithAnotherTimeAsAnotherEvent() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      harness.send(STARTED, COMPLETED).rows();
      List<TripRow> rows = harness.send(event("c", "trip_completed", "2025-01-18T10:30:00Z")).rows();
      assertEquals(3, rows.get(0).eventCount);
      assertEquals(1800, rows.get(0).durationSeconds);
    }
  }

  @Test
  void emitsAStartedTripAfterTwoHoursOfSilenceAndNotBefore() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      harness.send(REQUESTED, STARTED);
      assertEquals(List.of(), versions(harness.watermark("2025-01-18T11:59:59Z")));
      harness.send(event("l", "driver_location_updated", "2025-01-18T11:30:00Z"));
      assertEquals(List.of(), versions(harness.watermark("2025-01-18T13:29:59Z")));
      assertEquals(List.of(3L), versions(harness.watermark("2025-01-18T13:30:00Z")));
      assertEquals(List.of(), versions(harness.watermark("2025-01-18T23:00:00Z")));
    }
  }

  @Test
  void emitsATripAtOnceThatWasSilentForLongWhenItComes() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      harness.watermark("2025-01-18T20:00:00Z");
      assertEquals(List.of(2L), versions(harness.send(REQUESTED, STARTED)));
    }
  }

  @Test
  void movesARowToTheDateOfAnEarlierStart() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      TripRow first = harness.send(STARTED, COMPLETED).rows().get(0);
      List<TripRow> moved = harness.send(event("s0", "trip_started", "2025-01-17T23:00:00Z")).rows();
      assertEquals(1, moved.size());
      assertEquals(first.tripDate - 1, moved.get(0).tripDate);
      assertTrue(moved.get(0).version > first.version);
    }
  }

  @Test
  void forgetsATripWhenItsDatesAreOver() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      harness.send(STARTED, COMPLETED).watermark("2025-01-20T23:59:59Z").rows();
      assertEquals(List.of(3L), versions(harness.send(paid("p2", "2025-01-20T23:00:00Z", "9.00"))));
      harness.send(event("next", "driver_location_updated", "2025-01-20T23:30:00Z"));
      harness.watermark("2025-01-21T00:00:00Z").rows();
      assertEquals(List.of(), versions(harness.send(paid("p3", "2025-01-20T23:10:00Z", "7.00"))));
      harness.watermark("2025-01-24T00:00:00Z");
      assertEquals(0, harness.values());
      assertEquals(0, harness.timers());
    }
  }

  @Test
  void forgetsATripWithoutAStartTwoDaysAfterItsLastEvent() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      harness.send(REQUESTED, CANCELLED).watermark("2025-01-20T10:04:59Z");
      assertEquals(1, harness.values());
      harness.watermark("2025-01-20T10:05:00Z");
      assertEquals(0, harness.values());
      assertEquals(2, harness.count("eventsWithoutStart"));
      assertEquals(0, harness.count("lateEvents"));
    }
  }

  @Test
  void leavesToTheBatchWhatNoTripHasSoManyEventsOf() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      for (int count = 0; count < Trip.MOST_EVENTS; count++)
        harness.send(event("l" + count, "driver_location_updated", "2025-01-18T10:01:00Z"));
      harness.send(STARTED, COMPLETED);
      assertEquals(List.of(), harness.rows());
      assertEquals(2, harness.count("eventsOfFullTrips"));
    }
  }

  @Test
  void countsEventsThatNoRowTakesAnyMore() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      harness.send(STARTED, COMPLETED).watermark("2025-01-21T00:00:00Z").rows();
      harness.send(STARTED, PAID);
      assertEquals(List.of(), harness.rows());
      assertEquals(2, harness.count("lateEvents"));
      assertEquals(0, harness.values());
    }
  }

  @Test
  void keepsWhatALaterRowOfTheSameTripNeeds() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      harness.send(
          STARTED,
          COMPLETED,
          event("r2", "trip_requested", "2025-01-19T23:59:00Z"),
          event("s2", "trip_started", "2025-01-20T00:05:00Z"));
      harness.watermark("2025-01-21T00:00:00Z").rows();
      List<TripRow> rows = harness.send(event("c2", "trip_completed", "2025-01-20T00:25:00Z")).rows();
      assertEquals(1, rows.size());
      assertEquals(Instant.parse("2025-01-19T23:59:00Z").toEpochMilli(), rows.get(0).requestedAt);
      assertEquals(3, rows.get(0).eventCount);
      assertEquals(5, rows.get(0).version);
      harness.watermark("2025-01-23T00:00:00Z");
      assertEquals(0, harness.values());
    }
  }

  @Test
  void doesNotTakeAStartForANewTripThatGoesOnFromTheDateBefore() throws Exception {
    try (TripHarness harness = new TripHarness()) {
      harness.send(STARTED, event("s1", "trip_started", "2025-01-19T10:00:00Z"));
      harness.send(event("s2", "trip_started", "2025-01-20T10:00:00Z"), COMPLETED);
      harness.watermark("2025-01-21T00:00:00Z").rows();
      assertEquals(List.of(), versions(harness.send(event("c2", "trip_completed", "2025-01-20T10:10:00Z"))));
    }
  }

  @Test
  void goesOnFromASnapshot() throws Exception {
    OperatorSubtaskState snapshot;
    try (TripHarness harness = new TripHarness()) {
      harness.send(REQUESTED, STARTED).send(event("other", "trip_started", "2025-01-18T10:00:00Z", "t2"));
      harness.send(event("other2", "driver_arrived", "2025-01-18T10:00:01Z", "t2"));
      snapshot = harness.snapshot();
    }
    try (TripHarness harness = new TripHarness(snapshot)) {
      assertEquals(List.of(3L), versions(harness.send(STARTED, COMPLETED)));
      assertEquals(1, harness.count("repeatedEvents"));
      assertEquals("t2", harness.watermark("2025-01-18T12:00:01Z").rows().get(0).tripId);
    }
  }

  private static List<Long> versions(KeyedHarness<String, Event, TripRow> harness) {
    return harness.rows().stream().map(row -> row.version).collect(Collectors.toList());
  }

  private static Event event(String id, String name, String at) {
    return event(id, name, at, "t");
  }

  private static Event event(String id, String name, String at, String trip) {
    Event event = new Event();
    event.id = id;
    event.name = name;
    event.timestamp = Instant.parse(at).toEpochMilli();
    event.tripId = trip;
    return event;
  }

  private static Event paid(String id, String at, String fare) {
    Event event = event(id, "payment_processed", at);
    event.actualFare = new BigDecimal(fare);
    return event;
  }
}
