package tideline.surge;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import tideline.platform.GivenProperties;

class SurgeSettingsTest {
  private static final Map<String, String> LEAST =
      Map.of("stream.arn", "arn:aws:kinesis:us-east-1:123456789012:stream/events", "output", "s3://lake");

  @Test
  void needsNothingButTheStreamAndTheLake() {
    assertDoesNotThrow(() -> configure(Map.of()));
  }

  @Test
  void tellsAllProblemsOfItsOwnPropertiesAtOnce() {
    Map<String, String> wrong =
        Map.of("watermark.lag", "30", "allowed.lateness", "-PT1M", "lookup.table", "a b", "dynamodb.endpoint", "here");
    String told = assertThrows(IllegalArgumentException.class, () -> configure(wrong)).getMessage();
    assertTrue(told.contains("watermark.lag: \"30\", expected a duration like PT1M"), told);
    assertTrue(told.contains("allowed.lateness: \"-PT1M\", expected a duration like PT1M"), told);
    assertTrue(told.contains("lookup.table: \"a b\", expected 3 to 255 of a-z, A-Z, 0-9, _, - and ."), told);
    assertTrue(told.contains("dynamodb.endpoint: \"here\", expected http(s)://<host>[:<port>]"), told);
  }

  private static void configure(Map<String, String> more) {
    Map<String, String> properties = new HashMap<>(LEAST);
    properties.putAll(more);
    SurgePricingApplication.configure(
        StreamExecutionEnvironment.createLocalEnvironment(), GivenProperties.of(properties));
  }
}
