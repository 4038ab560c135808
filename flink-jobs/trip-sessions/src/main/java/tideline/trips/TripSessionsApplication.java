package tideline.trips;

import java.time.Duration;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import tideline.events.DecodedLine;
import tideline.events.Event;
import tideline.events.Rejected;
import tideline.platform.ApplicationProperties;
import tideline.platform.DecodedLines;
import tideline.platform.EventStream;
import tideline.platform.Quarantine;
import tideline.platform.Settings;

/** Live trips from the stream of events. Checkpoints, state backend and parallelism are the platform's. */
public final class TripSessionsApplication {
  /** How late an event may come and still be waited for. */
  static final Duration OUT_OF_ORDER = Duration.ofMinutes(10);

  private TripSessionsApplication() {}

  public static void main(String[] none) throws Exception {
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    configure(environment, ApplicationProperties.load());
    environment.execute("trip-sessions");
  }

  static void configure(StreamExecutionEnvironment environment, ApplicationProperties properties) {
    Settings settings = new Settings(properties);
    Duration silence = Settings.duration(properties, "emission.silence", Duration.ofHours(2));
    properties.check();
    // State of types that Flink does not know would not outlive a change of them.
    environment.getConfig().disableGenericTypes();
    DataStream<DecodedLine[]> records =
        environment.addSource(EventStream.of(settings, OUT_OF_ORDER), "events").uid("events");
    connect(records, silence, TripFiles.sink(settings.output), Quarantine.sink(settings.output));
  }

  /** From records to files. An operator's state is found again by its uid, so these stay as they are. */
  static void connect(
      DataStream<DecodedLine[]> records, Duration silence, Sink<TripRow> trips, Sink<Rejected> quarantine) {
    SingleOutputStreamOperator<Event> events =
        records
            .process(new DecodedLines<>(event -> event.tripId == null ? null : event))
            .returns(TypeInformation.of(Event.class))
            .name("decoded")
            .uid("decoded");
    events.getSideOutput(DecodedLines.REJECTED).sinkTo(quarantine).name("quarantine").uid("quarantine");
    events
        .keyBy(event -> event.tripId)
        .process(new TripSessions(silence))
        .name("trips")
        .uid("trips")
        .sinkTo(trips)
        .name("trip files")
        .uid("trip-files");
  }
}
