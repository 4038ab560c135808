package tideline.trips;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.apache.flink.streaming.util.OperatorSnapshotUtil;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tideline.events.Event;
import tideline.events.Products;

/** State that earlier versions of the application have written, all of it: the next version must read it. */
class TripSnapshotTest {
  @ParameterizedTest
  @MethodSource("tideline.platform.KeptSnapshots#all")
  void goesOnFromTheStateOfAnEarlierVersion(Path snapshot) throws Exception {
    List<Event> night = night();
    try (TripHarness harness = new TripHarness(OperatorSnapshotUtil.readStateHandle(snapshot.toString()))) {
      List<TripRow> rows = harness.send(night).rows();
      TripRow newest = rows.get(rows.size() - 1);
      assertEquals(night.size() - 1, harness.count("repeatedEvents"));
      assertEquals(night.size(), newest.version);
      assertEquals("11.01", newest.fareAmount.toString());
      assertEquals("berlin", newest.cityId);
    }
  }

  /** Writes the state of this version: of a trip that waits for its last event. */
  public static void main(String[] file) throws Exception {
    List<Event> night = night();
    try (TripHarness harness = new TripHarness()) {
      harness.send(night.subList(0, night.size() - 1));
      OperatorSnapshotUtil.writeStateHandle(harness.snapshot(), file[0]);
    }
  }

  private static List<Event> night() {
    return TripCases.events(Products.cases("silver.trips").get(0).resolveSibling("sessions.yaml")).get("night");
  }
}
