package tideline.platform;

import java.time.Duration;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.functions.AssignerWithPeriodicWatermarks;
import org.apache.flink.streaming.api.functions.source.SourceFunction;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.connectors.kinesis.FlinkKinesisConsumer;
import org.apache.flink.streaming.connectors.kinesis.config.AWSConfigConstants;
import org.apache.flink.streaming.connectors.kinesis.config.ConsumerConfigConstants;
import org.apache.flink.streaming.connectors.kinesis.serialization.KinesisDeserializationSchema;
import tideline.events.DecodedLine;
import tideline.events.EventDecoder;

/**
 * The stream of events, by polling. Records are decoded where they are read, so that event time is kept shard by shard: while
 * a backlog is read, one shard may be hours ahead of another.
 */
public final class EventStream {
  private EventStream() {}

  /** Each record as its lines; event time lags `outOfOrder` behind the newest event of the slowest shard. */
  public static SourceFunction<DecodedLine[]> of(Settings settings, Duration outOfOrder) {
    Properties consumer = new Properties();
    consumer.setProperty(AWSConfigConstants.AWS_REGION, settings.region);
    settings.endpoint.ifPresent(
        endpoint -> consumer.setProperty(AWSConfigConstants.AWS_ENDPOINT, endpoint.toString()));
    consumer.setProperty(ConsumerConfigConstants.STREAM_INITIAL_POSITION, settings.initialPosition);
    consumer.setProperty(
        ConsumerConfigConstants.SHARD_IDLE_INTERVAL_MILLIS, String.valueOf(settings.idleTimeout.toMillis()));
    FlinkKinesisConsumer<DecodedLine[]> stream =
        new FlinkKinesisConsumer<>(settings.streamName, new Lines(), consumer);
    stream.setPeriodicWatermarkAssigner(new EventTimeOfShard(outOfOrder.toMillis()));
    return stream;
  }

  private static final class Lines implements KinesisDeserializationSchema<DecodedLine[]> {
    @Override
    public DecodedLine[] deserialize(
        byte[] record, String partitionKey, String sequenceNumber, long arrivedAt, String stream, String shard) {
      return EventDecoder.decode(record, arrivedAt);
    }

    @Override
    public TypeInformation<DecodedLine[]> getProducedType() {
      return TypeInformation.of(DecodedLine[].class);
    }
  }

  /** The connector gives each shard one of its own. A clock that runs ahead moves nothing: no event is newer than its arrival. */
  static final class EventTimeOfShard implements AssignerWithPeriodicWatermarks<DecodedLine[]> {
    private final long outOfOrderMs;
    private long newest = Long.MIN_VALUE;

    EventTimeOfShard(long outOfOrderMs) {
      this.outOfOrderMs = outOfOrderMs;
    }

    @Override
    public long extractTimestamp(DecodedLine[] lines, long before) {
      for (DecodedLine line : lines)
        if (line.event != null) newest = Math.max(newest, Math.min(line.event.timestamp, line.arrivedAt));
      return newest;
    }

    @Override
    public Watermark getCurrentWatermark() {
      return new Watermark(newest == Long.MIN_VALUE ? newest : newest - outOfOrderMs - 1);
    }
  }
}
