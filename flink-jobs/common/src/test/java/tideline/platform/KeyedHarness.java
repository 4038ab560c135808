package tideline.platform;

import java.time.Instant;
import java.util.List;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.metrics.groups.InternalOperatorMetricGroup;
import org.apache.flink.runtime.metrics.util.InterceptingOperatorMetricGroup;
import org.apache.flink.runtime.metrics.util.InterceptingTaskMetricGroup;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;

/** A keyed function alone, on Flink's own harness. */
public class KeyedHarness<K, I, O> implements AutoCloseable {
  private final InterceptingOperatorMetricGroup published = new InterceptingOperatorMetricGroup();
  private final InterceptingOperatorMetricGroup metrics =
      new InterceptingOperatorMetricGroup() {
        @Override
        public MetricGroup addGroup(String name) {
          return name.equals("kinesisanalytics") ? published : super.addGroup(name);
        }
      };
  private final KeyedOneInputStreamOperatorTestHarness<K, I, O> harness;

  /** Goes on from a snapshot, or begins where it is null. */
  protected KeyedHarness(
      KeyedProcessFunction<K, I, O> function, KeySelector<I, K> key, TypeInformation<K> keys, OperatorSubtaskState snapshot)
      throws Exception {
    InterceptingTaskMetricGroup taskMetrics =
        new InterceptingTaskMetricGroup() {
          @Override
          public InternalOperatorMetricGroup getOrAddOperator(OperatorID id, String name) {
            return metrics;
          }
        };
    harness =
        new KeyedOneInputStreamOperatorTestHarness<>(
            new KeyedProcessOperator<>(function),
            key,
            keys,
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

  protected final void process(I element, long timestamp) throws Exception {
    harness.processElement(element, timestamp);
  }

  public final KeyedHarness<K, I, O> watermark(String instant) throws Exception {
    harness.processWatermark(Instant.parse(instant).toEpochMilli());
    return this;
  }

  /** Rows since the last call. */
  public final List<O> rows() {
    List<O> rows = List.copyOf(harness.extractOutputValues());
    harness.getOutput().clear();
    return rows;
  }

  /** As CloudWatch has it. */
  public final long count(String counter) {
    return ((Counter) published.get(counter)).getCount();
  }

  /** Values that are kept for all keys, entries of maps among them. */
  public final int values() {
    return harness.numKeyedStateEntries();
  }

  public final int timers() {
    return harness.numEventTimeTimers();
  }

  public final OperatorSubtaskState snapshot() throws Exception {
    return harness.snapshot(1, 1);
  }

  @Override
  public final void close() throws Exception {
    harness.close();
  }
}
