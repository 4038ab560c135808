package tideline.platform;

import java.time.Duration;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.functions.AssignerWithPeriodicWatermarks;
import org.apache.flink.streaming.api.functions.source.SourceFunction;
import org.apache.flink.streaming.api.watermark.Watermark;
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
  /** A shard answers five times a second, all who read it together: each application asks once, and Firehose does. */
  private static final Duration BETWEEN_READS = Duration.ofSeconds(1);

  private EventStream() {}

  /** Each record as its lines; event time lags `outOfOrder` behind the newest event of the slowest shard. */
  public static SourceFunction<DecodedLine[]> of(Settings settings, Duration outOfOrder) {
    Properties consumer = new Properties();
    consumer.setProperty(AWSConfigConstants.AWS_REGION, settings.region);
    settings.endpoint.ifPresent(
        endpoint -> consumer.setProperty(AWSConfigConstants.AWS_ENDPOINT, endpoint.toString()));
    consumer.setProperty(ConsumerConfigConstants.STREAM_INITIAL_POSITION, settings.initialPosition);
    consumer.setProperty(
        ConsumerConfigConstants.SHARD_GETRECORDS_INTERVAL_MILLIS, String.valueOf(BETWEEN_READS.toMillis()));
    EventStreamSource source =
        new EventStreamSource(
            settings.streamName, new Lines(), consumer, outOfOrder.toMillis(), settings.idleTimeout.toMillis());
    source.setPeriodicWatermarkAssigner(new EventTimes());
    return source;
  }

  /** Of the newest event of a record, which no clock that runs ahead moves: none is newer than its arrival. */
  static long eventTime(DecodedLine[] lines) {
    long newest = ShardEventTimes.UNKNOWN;
    for (DecodedLine line : lines)
      if (line.event != null) newest = Math.max(newest, Math.min(line.event.timestamp, line.arrivedAt));
    return newest;
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

  /** With it the connector asks for watermarks at intervals; they are the source's own. */
  private static final class EventTimes implements AssignerWithPeriodicWatermarks<DecodedLine[]> {
    @Override
    public long extractTimestamp(DecodedLine[] lines, long arrivedAt) {
      return eventTime(lines);
    }

    @Override
    public Watermark getCurrentWatermark() {
      return null;
    }
  }
}
