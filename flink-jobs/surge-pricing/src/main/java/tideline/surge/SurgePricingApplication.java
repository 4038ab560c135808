package tideline.surge;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import tideline.events.DecodedLine;
import tideline.platform.ApplicationProperties;
import tideline.platform.DecodedLines;
import tideline.platform.EventStream;
import tideline.platform.Settings;

/** Surge of each zone from the stream of events. Checkpoints, state backend and parallelism are the platform's. */
public final class SurgePricingApplication {
  private SurgePricingApplication() {}

  public static void main(String[] none) throws Exception {
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    configure(environment, ApplicationProperties.load());
    environment.execute("surge-pricing");
  }

  static void configure(StreamExecutionEnvironment environment, ApplicationProperties properties) {
    Settings settings = new Settings(properties);
    Duration lag = Settings.duration(properties, "watermark.lag", Duration.ofSeconds(30));
    Duration lateness = Settings.duration(properties, "allowed.lateness", Duration.ofMinutes(10));
    Optional<String> table =
        properties.get("lookup.table", "3 to 255 of a-z, A-Z, 0-9, _, - and .", Optional.empty(), ZoneLookup::tableName);
    Optional<URI> endpoint = Settings.endpoint(properties, "dynamodb.endpoint");
    properties.check();
    // State of types that Flink does not know would not outlive a change of them.
    environment.getConfig().disableGenericTypes();
    DataStream<DecodedLine[]> records = environment.addSource(EventStream.of(settings, lag), "events").uid("events");
    // In the job with or without a table, so that a snapshot fits both.
    Sink<SurgeRow> lookup =
        table.<Sink<SurgeRow>>map(name -> new ZoneLookup(name, settings.region, endpoint)).orElseGet(DiscardingSink::new);
    connect(records, lateness, SurgeFiles.sink(settings.output), lookup);
  }

  /** From records to files and lookup. An operator's state is found again by its uid, so these stay as they are. */
  static void connect(
      DataStream<DecodedLine[]> records, Duration lateness, Sink<SurgeRow> files, Sink<SurgeRow> lookup) {
    DataStream<SurgeRow> rows =
        records
            .process(new DecodedLines<>(Signal::of))
            .returns(TypeInformation.of(Signal.class))
            .name("decoded")
            .uid("decoded")
            .keyBy(Signal::key, SurgeWindows.KEYS)
            .process(new SurgeWindows(lateness))
            .name("surge")
            .uid("surge");
    rows.sinkTo(files).name("surge files").uid("surge-files");
    rows.sinkTo(lookup).name("lookup").uid("lookup");
  }
}
