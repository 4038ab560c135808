package tideline.surge;

import java.time.Duration;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import tideline.platform.Counters;

/**
 * Signals of a zone in a window to its rows, keyed by both: the first when event time has passed the window, another whenever a
 * late signal changes it. Not Flink's own windows: those read and write all ids with each signal, and know no event time after
 * a restart, so that a window which is forgotten would begin anew.
 */
final class SurgeWindows extends KeyedProcessFunction<Tuple2<String, Long>, Signal, SurgeRow>
    implements CheckpointedFunction {
  static final TypeInformation<Tuple2<String, Long>> KEYS = Types.TUPLE(Types.STRING, Types.LONG);

  private final long latenessMs;
  private transient MapState<String, Boolean> trips;
  private transient MapState<String, Boolean> drivers;
  private transient ValueState<SurgeCounts> counts;
  private transient ListState<Long> eventTimes;
  /** How far event time has come, before a restart too. */
  private transient long now;
  private transient Counter late;

  /** A window takes signals for so long after its end, in event time. */
  SurgeWindows(Duration lateness) {
    latenessMs = lateness.toMillis();
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    eventTimes = context.getOperatorStateStore().getUnionListState(new ListStateDescriptor<>("event-times", Types.LONG));
    now = Long.MIN_VALUE;
    for (long eventTime : eventTimes.get()) now = Math.max(now, eventTime);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    eventTimes.clear();
    eventTimes.add(now);
  }

  @Override
  public void open(OpenContext context) {
    trips = getRuntimeContext().getMapState(new MapStateDescriptor<>("trips", Types.STRING, Types.BOOLEAN));
    drivers = getRuntimeContext().getMapState(new MapStateDescriptor<>("drivers", Types.STRING, Types.BOOLEAN));
    counts = getRuntimeContext().getState(new ValueStateDescriptor<>("counts", SurgeCounts.class));
    late = Counters.counter(getRuntimeContext().getMetricGroup(), "lateEvents");
  }

  @Override
  public void processElement(Signal signal, Context context, Collector<SurgeRow> out) throws Exception {
    now = Math.max(now, context.timerService().currentWatermark());
    long closedAt = closedAt(signal.windowStart);
    long forgottenAt = closedAt + latenessMs;
    if (forgottenAt <= now) {
      late.inc();
      return;
    }
    MapState<String, Boolean> ids = signal.isRequest ? trips : drivers;
    if (ids.contains(signal.id)) return;
    ids.put(signal.id, true);
    SurgeCounts counted = counts.value() == null ? new SurgeCounts() : counts.value();
    if (signal.isRequest) counted.riderRequests++;
    else counted.availableDrivers++;
    counts.update(counted);
    boolean isClosed = closedAt <= now;
    if (isClosed) emit(counted, context, out);
    context.timerService().registerEventTimeTimer(isClosed ? forgottenAt : closedAt);
  }

  @Override
  public void onTimer(long at, OnTimerContext context, Collector<SurgeRow> out) throws Exception {
    now = Math.max(now, context.timerService().currentWatermark());
    long closedAt = closedAt(context.getCurrentKey().f1);
    if (at == closedAt) {
      emit(counts.value(), context, out);
      context.timerService().registerEventTimeTimer(closedAt + latenessMs);
      return;
    }
    trips.clear();
    drivers.clear();
    counts.clear();
  }

  /** The last instant of a window. */
  private static long closedAt(long windowStart) {
    return windowStart + SurgeRow.WINDOW_MS - 1;
  }

  private void emit(SurgeCounts counted, Context context, Collector<SurgeRow> out) {
    Tuple2<String, Long> key = context.getCurrentKey();
    SurgeRow row = new SurgeRow(key.f0, key.f1, counted.riderRequests, counted.availableDrivers);
    row.emittedAt = context.timerService().currentProcessingTime();
    out.collect(row);
  }
}
