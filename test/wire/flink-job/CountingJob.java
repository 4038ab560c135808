import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;
import org.apache.flink.util.Collector;

/**
 * Counts the numbers 0, 1, 2 … by their last digit, in keyed state, and writes {@code label,number,digit,count} into files
 * that are whole when a checkpoint is: a number lost or doubled shows there. The property group {@code tideline} says where
 * (`output`), how many a second, and whether to break, and how.
 */
public final class CountingJob {
  public static void main(String[] arguments) throws Exception {
    Map<String, String> properties = properties("tideline");
    String broken = properties.getOrDefault("broken", "");
    if (broken.equals("main")) throw new IllegalStateException("broken before it started");
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    DataGeneratorSource<Long> numbers =
        new DataGeneratorSource<>(
            number -> number,
            Long.MAX_VALUE,
            RateLimiterStrategy.perSecond(Double.parseDouble(properties.get("perSecond"))),
            Types.LONG);
    environment
        .fromSource(numbers, WatermarkStrategy.noWatermarks(), "numbers")
        .uid("numbers")
        .keyBy(number -> number % 10)
        .process(new Count(label(), broken.equals("record")))
        // Without this operator there is state that no operator takes.
        .uid(properties.getOrDefault("uid", "count"))
        .sinkTo(
            FileSink.forRowFormat(
                    new org.apache.flink.core.fs.Path(properties.get("output")), new SimpleStringEncoder<String>())
                .withRollingPolicy(OnCheckpointRollingPolicy.build())
                .build())
        .uid("files");
    environment.execute("counting");
  }

  private static Map<String, String> properties(String group) throws IOException {
    Path file = Path.of(System.getenv("APPLICATION_PROPERTIES_FILE"));
    for (JsonNode each : new ObjectMapper().readTree(file.toFile())) {
      if (!each.get("PropertyGroupId").asText().equals(group)) continue;
      Map<String, String> properties = new HashMap<>();
      each.get("PropertyMap").fields().forEachRemaining(entry -> properties.put(entry.getKey(), entry.getValue().asText()));
      return properties;
    }
    throw new IllegalArgumentException("No property group " + group + " in " + file);
  }

  /** What this jar, and not another one of the same code, writes. */
  private static String label() throws IOException {
    try (InputStream label = CountingJob.class.getResourceAsStream("/label")) {
      return new String(label.readAllBytes(), StandardCharsets.UTF_8).trim();
    }
  }

  /** What is kept of a digit. */
  public static final class Kept {
    public long count;
  }

  private static final class Count extends KeyedProcessFunction<Long, Long, String> {
    private final String label;
    private final boolean broken;
    private transient ValueState<Kept> kept;

    Count(String label, boolean broken) {
      this.label = label;
      this.broken = broken;
    }

    @Override
    public void open(Configuration configuration) {
      kept = getRuntimeContext().getState(new ValueStateDescriptor<>("kept", Kept.class));
    }

    @Override
    public void processElement(Long number, Context context, Collector<String> out) throws IOException {
      if (broken) throw new IllegalStateException("broken at " + number);
      Kept counted = kept.value() == null ? new Kept() : kept.value();
      counted.count++;
      kept.update(counted);
      out.collect(label + "," + number + "," + context.getCurrentKey() + "," + counted.count);
    }
  }
}
