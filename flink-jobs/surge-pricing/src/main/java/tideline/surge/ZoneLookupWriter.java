package tideline.surge;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.metrics.Counter;

/**
 * Writes of each zone the newest row that has come within a second, so that a backlog does not write all its windows. A
 * checkpoint waits for what is not written yet: rows that are lost with this process come again.
 */
final class ZoneLookupWriter implements SinkWriter<SurgeRow> {
  private static final long WAIT_MS = 1_000;

  private final ZoneTable table;
  private final ProcessingTimeService clock;
  private final Counter superseded;
  private final Map<String, SurgeRow> waiting = new HashMap<>();

  ZoneLookupWriter(ZoneTable table, ProcessingTimeService clock, Counter superseded) {
    this.table = table;
    this.clock = clock;
    this.superseded = superseded;
  }

  @Override
  public void write(SurgeRow row, Context context) {
    if (waiting.isEmpty()) clock.registerTimer(clock.getCurrentProcessingTime() + WAIT_MS, at -> flush(false));
    waiting.merge(row.geoZone, row, SurgeRow::newer);
  }

  @Override
  public void flush(boolean endOfInput) {
    for (SurgeRow row : waiting.values()) if (!table.put(row)) superseded.inc();
    waiting.clear();
  }

  @Override
  public void close() {
    table.close();
  }
}
