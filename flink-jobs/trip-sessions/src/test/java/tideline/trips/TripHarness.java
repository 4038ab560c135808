package tideline.trips;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.metrics.groups.InternalOperatorMetricGroup;
import org.apache.flink.runtime.metrics.util.InterceptingOperatorMetricGroup;
import org.apache.flink.runtime.metrics.util.InterceptingTaskMetricGroup;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import tideline.events.Event;

/** The keyed function alone, on Flink's own harness. */
final class TripHarness implements AutoCloseable {
  private final InterceptingOperatorMetricGroup metrics = new InterceptingOperatorMetricGroup();
  private final KeyedOneInputStreamOperatorTestHarness<String, Event, TripRow> harness;

  TripHarness() throws Exception {
    this(null);
  }

  /** Goes on from a snapshot. */
  TripHarness(OperatorSubtaskState snapshot) throws Exception {
    InterceptingTaskMetricGroup taskMetrics =
        new InterceptingTaskMetricGroup() {
          @Override
          public InternalOperatorMetricGroup getOrAddOperator(OperatorID id, String name) {
            return metrics;
          }
        };
    harness =
        new KeyedOneInputStreamOperatorTestHarness<>(
            new KeyedProcessOperator<>(new TripSessions(Duration.ofHours(2))),
            event -> event.tripId,
            Types.STRING,
            new MockEnvironmentBuilder()
                .setExecutionConfig(new ExecutionConfig())
                .setMetricGroup(taskMetrics)
                .setMaxParallelism(1)
                .setParallelism(1)
                .build());
    harness.getExecutionConfig().disableGenericTypes();
    harness.setup();
    if (snapshot != null) harness.initializeState(snapshot);
    harness.open();
  }

  /** Sends copies, for the function keeps what it is given. */
  TripHarness send(Iterable<Event> events) throws Exception {
    for (Event event : events) {
      Event copy = new Event();
      for (var field : Event.class.getFields()) field.set(copy, field.get(event));
      harness.processElement(copy, copy.timestamp);
    }
    return this;
  }

  TripHarness send(Event... events) throws Exception {
    return send(List.of(events));
  }

  TripHarness watermark(String instant) throws Exception {
    harness.processWatermark(Instant.parse(instant).toEpochMilli());
    return this;
  }

  /** Rows since the last call. */
  List<TripRow> rows() {
    List<TripRow> rows = List.copyOf(harness.extractOutputValues());
    harness.getOutput().clear();
    return rows;
  }

  long count(String counter) {
    return ((Counter) metrics.get(counter)).getCount();
  }

  int trips() {
    return harness.numKeyedStateEntries();
  }

  int timers() {
    return harness.numEventTimeTimers();
  }

  OperatorSubtaskState snapshot() throws Exception {
    return harness.snapshot(1, 1);
  }

  @Override
  public void close() throws Exception {
    harness.close();
  }
}
