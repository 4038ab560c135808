package tideline.platform;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import tideline.events.DecodedLine;
import tideline.events.EventDecoder;

/** An application on a cluster in this process, which ends with its lines. */
public final class LocalPipeline {
  private LocalPipeline() {}

  /** Runs what `connect` makes of lines that all arrived at one time (ms since 1970). */
  public static void run(
      long arrivedAt, Duration outOfOrder, Consumer<DataStream<DecodedLine[]>> connect, String... lines)
      throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString("execution.checkpointing.interval", "200 ms");
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
    environment.getConfig().disableGenericTypes();
    List<DecodedLine[]> records = new ArrayList<>();
    for (String line : lines) records.add(EventDecoder.decode(line.getBytes(UTF_8), arrivedAt));
    DataStream<DecodedLine[]> stream = environment.fromData(records, TypeInformation.of(DecodedLine[].class));
    connect.accept(stream.assignTimestampsAndWatermarks(WatermarkStrategy.forBoundedOutOfOrderness(outOfOrder)));
    environment.execute();
  }
}
