package tideline.trips;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Set;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import tideline.platform.GivenProperties;
import tideline.platform.StateNames;

class TripStateNamesTest {
  /** A snapshot of before a change must fit what comes after it. */
  @Test
  void findsItsStateByTheNamesThatItHasAlwaysHad() {
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment();
    TripSessionsApplication.configure(
        environment,
        GivenProperties.of(
            Map.of("stream.arn", "arn:aws:kinesis:us-east-1:123456789012:stream/events", "output", "s3://lake")));
    Set<String> names = Set.of("events", "decoded", "quarantine", "trips", "trip-files");
    assertEquals(names, StateNames.of(environment));
  }
}
