package tideline.platform;

import static org.apache.flink.streaming.connectors.kinesis.internals.publisher.RecordPublisher.RecordPublisherRunResult.COMPLETE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.connectors.kinesis.FlinkKinesisConsumer;
import org.apache.flink.streaming.connectors.kinesis.internals.KinesisDataFetcher;
import org.apache.flink.streaming.connectors.kinesis.internals.publisher.RecordPublisher;
import org.apache.flink.streaming.connectors.kinesis.internals.publisher.RecordPublisher.RecordPublisherRunResult;
import org.apache.flink.streaming.connectors.kinesis.model.KinesisStreamShardState;
import org.apache.flink.streaming.connectors.kinesis.model.SentinelSequenceNumber;
import org.apache.flink.streaming.connectors.kinesis.model.SequenceNumber;
import org.apache.flink.streaming.connectors.kinesis.model.StreamShardHandle;
import org.apache.flink.streaming.connectors.kinesis.serialization.KinesisDeserializationSchema;
import tideline.events.DecodedLine;

/**
 * The connector's source with event time of our own. The connector's goes on by the shards that have had a record since the
 * start, so that whatever a slower one holds comes too late after each restart, and it is not kept: a job that restarts behind
 * the last records never learns of them.
 */
final class EventStreamSource extends FlinkKinesisConsumer<DecodedLine[]> {
  private static final TypeInformation<Tuple2<String, Long>> SAVED = Types.TUPLE(Types.STRING, Types.LONG);

  private final long outOfOrderMs;
  private final long idleMs;
  private transient ListState<Tuple2<String, Long>> saved;
  private transient ShardEventTimes eventTimes;

  EventStreamSource(
      String stream,
      KinesisDeserializationSchema<DecodedLine[]> schema,
      Properties properties,
      long outOfOrderMs,
      long idleMs) {
    super(stream, schema, properties);
    this.outOfOrderMs = outOfOrderMs;
    this.idleMs = idleMs;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    super.initializeState(context);
    saved = context.getOperatorStateStore().getUnionListState(new ListStateDescriptor<>("shard-event-times", SAVED));
    eventTimes = new ShardEventTimes(idleMs);
    for (Tuple2<String, Long> shard : saved.get()) eventTimes.restore(shard.f0, shard.f1);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    super.snapshotState(context);
    List<Tuple2<String, Long>> shards = new ArrayList<>();
    for (Map.Entry<String, Long> shard : eventTimes.saved().entrySet())
      shards.add(Tuple2.of(shard.getKey(), shard.getValue()));
    saved.update(shards);
  }

  @Override
  protected KinesisDataFetcher<DecodedLine[]> createFetcher(
      List<String> streams,
      SourceContext<DecodedLine[]> context,
      RuntimeContext runtime,
      Properties properties,
      KinesisDeserializationSchema<DecodedLine[]> schema) {
    return new Fetcher(streams, context, runtime, properties, schema);
  }

  private final class Fetcher extends KinesisDataFetcher<DecodedLine[]> {
    private final SourceContext<DecodedLine[]> context;
    /** By the index that the connector gives them. */
    private final List<String> shards = new CopyOnWriteArrayList<>();
    private long emitted = Long.MIN_VALUE;

    Fetcher(
        List<String> streams,
        SourceContext<DecodedLine[]> context,
        RuntimeContext runtime,
        Properties properties,
        KinesisDeserializationSchema<DecodedLine[]> schema) {
      super(
          streams,
          context,
          runtime,
          properties,
          schema,
          getShardAssigner(),
          getPeriodicWatermarkAssigner(),
          getWatermarkTracker());
      this.context = context;
    }

    @Override
    public int registerNewSubscribedShardState(KinesisStreamShardState shard) {
      String name = nameOf(shard.getStreamShardHandle());
      boolean isReadToItsEnd =
          SentinelSequenceNumber.SENTINEL_SHARD_ENDING_SEQUENCE_NUM.get().equals(shard.getLastProcessedSequenceNum());
      eventTimes.add(name);
      // Those after it are known from the start, so it is not waited for.
      if (isReadToItsEnd) eventTimes.ended(name, 0);
      shards.add(name);
      return super.registerNewSubscribedShardState(shard);
    }

    @Override
    public void runFetcher() throws Exception {
      eventTimes.begin();
      super.runFetcher();
    }

    @Override
    protected void emitRecordAndUpdateState(
        DecodedLine[] lines, long timestamp, int shard, SequenceNumber sequenceNumber) {
      // A checkpoint has the record with its event time, or neither.
      synchronized (context.getCheckpointLock()) {
        super.emitRecordAndUpdateState(lines, timestamp, shard, sequenceNumber);
        eventTimes.event(shards.get(shard), EventStream.eventTime(lines));
      }
    }

    @Override
    protected RecordPublisher createRecordPublisher(
        SequenceNumber position, Properties properties, MetricGroup metrics, StreamShardHandle shard)
        throws InterruptedException {
      RecordPublisher publisher = super.createRecordPublisher(position, properties, metrics, shard);
      String name = nameOf(shard);
      return consumer -> {
        RecordPublisherRunResult result =
            publisher.run(
                batch -> {
                  boolean isEmpty = batch.getDeaggregatedRecordSize() == 0;
                  if (!isEmpty) eventTimes.reading(name);
                  SequenceNumber last = consumer.accept(batch);
                  Long behind = batch.getMillisBehindLatest();
                  boolean isAtEnd = behind == null ? isEmpty : behind == 0;
                  eventTimes.read(name, isAtEnd, getCurrentTimeMillis());
                  return last;
                });
        // Split or merged: those after it are known soon.
        if (result == COMPLETE) eventTimes.ended(name, getCurrentTimeMillis());
        return result;
      };
    }

    /** The connector calls it in each interval of watermarks. */
    @Override
    protected void emitWatermark() {
      long now = getCurrentTimeMillis();
      long eventTime = eventTimes.eventTime(now);
      if (eventTime > emitted) {
        context.emitWatermark(new Watermark(eventTime - outOfOrderMs - 1));
        emitted = eventTime;
      }
      if (eventTimes.isIdle(now)) context.markAsTemporarilyIdle();
    }

    private String nameOf(StreamShardHandle shard) {
      return shard.getShard().getShardId();
    }
  }
}
