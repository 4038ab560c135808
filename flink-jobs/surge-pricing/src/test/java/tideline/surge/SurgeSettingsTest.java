package tideline.surge;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import tideline.platform.GivenProperties;
import tideline.platform.StateNames;

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

  /** A snapshot of before a change must fit what comes after it, with and without a table for lookups. */
  @Test
  void findsItsStateByTheNamesThatItHasAlwaysHad() {
    Set<String> names = Set.of("events", "decoded", "surge", "surge-files", "lookup");
    assertEquals(names, StateNames.of(configure(Map.of())));
    assertEquals(names, StateNames.of(configure(Map.of("lookup.table", "surge"))));
  }

  private static StreamExecutionEnvironment configure(Map<String, String> more) {
    Map<String, String> properties = new HashMap<>(LEAST);
    properties.putAll(more);
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment();
    SurgePricingApplication.configure(environment, GivenProperties.of(properties));
    return environment;
  }
}
