package tideline.surge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tideline.events.Event;
import tideline.events.EventRows;
import tideline.events.Products;

/** The cases of gold.surge_windows: the newest rows of the stream are the batch's, whatever the order of arrival. */
class SurgeCasesTest {
  private static final int SHUFFLES = 50;
  private static final String ALL_CLOSED = "2025-01-22T00:00:00Z";

  static Stream<Path> cases() {
    return Products.cases("gold.surge_windows").stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsWithTheRowsOfTheBatchInAnyOrderOfArrival(Path file) throws Exception {
    Map<String, Map<String, String>> expected = SurgeCases.expected(file);
    Set<String> names = expected.values().iterator().next().keySet();
    List<Event> order = EventRows.of(file);
    Random random = new Random(1);
    for (int shuffle = 0; shuffle < SHUFFLES; shuffle++) {
      try (SurgeHarness harness = new SurgeHarness()) {
        List<SurgeRow> rows = harness.send(order).watermark(ALL_CLOSED).rows();
        assertEquals(expected, SurgeCases.newest(file, rows, names));
      }
      Collections.shuffle(order, random);
    }
  }
}
