package tideline.trips;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import tideline.events.Event;

/**
 * Which of a trip's events decides what: first and last are by time, then by id, so that the order of arrival says nothing. The
 * rules are those of silver.trips (spark-jobs/tideline_jobs/products/silver/trips.py), and its cases run on both.
 */
final class Decisions {
  private static final Comparator<Event> IN_ORDER =
      Comparator.<Event>comparingLong(event -> event.timestamp).thenComparing(event -> event.id, Decisions::compareBytes);

  final Event requested;
  final Event assigned;
  final Event started;
  final Event completed;
  final Event cancelled;
  final Event paid;
  final Event driver;
  final Event rider;
  final Event city;
  final Event vehicle;
  final Event estimate;
  final Event status;

  private Decisions(Event[] ordered) {
    requested = first(ordered, named("trip_requested"));
    assigned = first(ordered, named("driver_assigned"));
    started = first(ordered, named("trip_started"));
    completed = last(ordered, named("trip_completed"));
    cancelled = last(ordered, named("trip_cancelled"));
    paid = last(ordered, named("payment_processed"));
    driver = first(ordered, with(event -> event.driverId));
    rider = first(ordered, with(event -> event.riderId));
    city = first(ordered, with(event -> event.cityId));
    vehicle = first(ordered, with(event -> event.vehicleType));
    estimate = first(ordered, with(event -> event.estimatedFare));
    status = last(ordered, with(event -> event.status));
  }

  /** Of events in any order, each once. */
  static Decisions among(Event[] events) {
    Event[] ordered = events.clone();
    Arrays.sort(ordered, IN_ORDER);
    return new Decisions(ordered);
  }

  /** Those that decide something. */
  Event[] events() {
    Set<Event> found = Collections.newSetFromMap(new IdentityHashMap<>());
    Stream.of(
            requested, assigned, started, completed, cancelled, paid, driver, rider, city, vehicle, estimate, status)
        .filter(Objects::nonNull)
        .forEach(found::add);
    return found.toArray(new Event[0]);
  }

  private static Predicate<Event> named(String name) {
    return event -> event.is(name);
  }

  private static Predicate<Event> with(Function<Event, Object> value) {
    return event -> value.apply(event) != null;
  }

  private static Event first(Event[] ordered, Predicate<Event> wanted) {
    for (Event event : ordered) if (wanted.test(event)) return event;
    return null;
  }

  private static Event last(Event[] ordered, Predicate<Event> wanted) {
    for (int index = ordered.length - 1; index >= 0; index--)
      if (wanted.test(ordered[index])) return ordered[index];
    return null;
  }

  /** As Spark compares text. Java's own order differs beyond the first 65,536 characters. */
  private static int compareBytes(String left, String right) {
    return Arrays.compareUnsigned(
        left.getBytes(StandardCharsets.UTF_8), right.getBytes(StandardCharsets.UTF_8));
  }
}
