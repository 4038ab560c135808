package tideline.trips;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tideline.events.Event;
import tideline.events.Products;

/** The cases of silver.trips: the newest rows of the stream are the batch's, whatever the order of arrival. */
class TripCasesTest {
  private static final int ALL_ORDERS_UP_TO = 6;
  private static final int SHUFFLES = 300;

  static Stream<Path> cases() {
    return Products.cases("silver.trips").stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsWithTheRowsOfTheBatchInAnyOrderOfArrival(Path file) throws Exception {
    Map<String, Map<String, String>> expected = TripCases.expected(file);
    Collection<String> names = expected.values().iterator().next().keySet();
    for (Map.Entry<String, List<Event>> trip : TripCases.events(file).entrySet()) {
      Map<String, Map<String, String>> ofTrip = new TreeMap<>(expected);
      ofTrip.keySet().removeIf(key -> !key.startsWith(trip.getKey() + " "));
      inOrders(trip.getValue(), order -> assertEquals(ofTrip, newestRows(order, names), () -> "as they came: " + ids(order)));
    }
  }

  /** The newest row of each date; one that started a date later than a newer row is of before that one's start came. */
  private static Map<String, Map<String, String>> newestRows(List<Event> order, Collection<String> names) {
    try (TripHarness harness = new TripHarness()) {
      List<TripRow> rows = harness.send(order).watermark("2025-01-20T23:00:00Z").rows();
      List<TripRow> standing = new ArrayList<>(rows);
      standing.removeIf(
          row -> rows.stream().anyMatch(other -> other.tripDate == row.tripDate - 1 && other.version > row.version));
      return TripCases.newest(standing, names);
    } catch (Exception failure) {
      throw new AssertionError("as they came: " + ids(order), failure);
    }
  }

  private static void inOrders(List<Event> events, Consumer<List<Event>> check) {
    if (events.size() <= ALL_ORDERS_UP_TO) {
      permute(new ArrayList<>(events), 0, check);
      return;
    }
    Random random = new Random(1);
    List<Event> order = new ArrayList<>(events);
    for (int shuffle = 0; shuffle < SHUFFLES; shuffle++) {
      check.accept(order);
      Collections.shuffle(order, random);
    }
  }

  private static void permute(List<Event> events, int from, Consumer<List<Event>> check) {
    if (from == events.size()) check.accept(events);
    for (int next = from; next < events.size(); next++) {
      Collections.swap(events, from, next);
      permute(events, from + 1, check);
      Collections.swap(events, from, next);
    }
  }

  private static String ids(List<Event> events) {
    StringBuilder ids = new StringBuilder();
    events.forEach(event -> ids.append(event.id).append(' '));
    return ids.toString();
  }
}
