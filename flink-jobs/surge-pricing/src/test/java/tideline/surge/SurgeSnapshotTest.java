package tideline.surge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static tideline.surge.SurgeEvents.available;
import static tideline.surge.SurgeEvents.requested;

import java.nio.file.Path;
import java.util.List;
import org.apache.flink.streaming.util.OperatorSnapshotUtil;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** State that earlier versions of the application have written, all of it: the next version must read it. */
class SurgeSnapshotTest {
  @ParameterizedTest
  @MethodSource("tideline.platform.KeptSnapshots#all")
  void goesOnFromTheStateOfAnEarlierVersion(Path snapshot) throws Exception {
    try (SurgeHarness harness = new SurgeHarness(OperatorSnapshotUtil.readStateHandle(snapshot.toString()))) {
      harness.send(requested("t1", "10:06:00"), available("d1", "10:06:00"), requested("late", "09:54:00"));
      harness.send(requested("t2", "10:06:00"));
      List<SurgeRow> rows = harness.watermark("2025-01-18T10:10:00Z").rows();
      assertEquals(1, rows.size());
      assertEquals(2, rows.get(0).riderRequests);
      assertEquals(1, rows.get(0).availableDrivers);
      assertEquals(1, harness.count("lateEvents"));
    }
  }

  /** Writes the state of this version: of a window that waits for its end, when one before it is forgotten. */
  public static void main(String[] file) throws Exception {
    try (SurgeHarness harness = new SurgeHarness()) {
      harness.send(requested("t0", "09:54:00"), requested("t1", "10:06:00"), available("d1", "10:06:00"));
      harness.watermark("2025-01-18T10:06:30Z");
      OperatorSnapshotUtil.writeStateHandle(harness.snapshot(), file[0]);
    }
  }
}
