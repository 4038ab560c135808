package tideline.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  @TempDir Path folder;

  @Test
  void readsWhatManagedFlinkHandsOver() throws IOException {
    ApplicationProperties properties =
        properties(
            "\"stream.arn\": \"arn:aws:kinesis:eu-central-1:123456789012:stream/ride-hailing-events\","
                + "\"output\": \"s3://lake/main\", \"initial.position\": \"LATEST\","
                + "\"aws.endpoint\": \"http://127.0.0.1:4566\", \"idle.timeout\": \"PT5S\"");
    Settings settings = new Settings(properties);
    properties.check();
    assertEquals("ride-hailing-events", settings.streamName);
    assertEquals("eu-central-1", settings.region);
    assertEquals("s3://lake/main", settings.output);
    assertEquals("LATEST", settings.initialPosition);
    assertEquals(Optional.of(URI.create("http://127.0.0.1:4566")), settings.endpoint);
    assertEquals(Duration.ofSeconds(5), settings.idleTimeout);
  }

  @Test
  void readsFromTheBeginningOfTheStreamUnlessToldOtherwise() throws IOException {
    ApplicationProperties properties =
        properties("\"stream.arn\": \"arn:aws:kinesis:us-east-1:123456789012:stream/events\", \"output\": \"s3://lake\"");
    Settings settings = new Settings(properties);
    properties.check();
    assertEquals("TRIM_HORIZON", settings.initialPosition);
    assertEquals(Optional.empty(), settings.endpoint);
    assertEquals(Duration.ofMinutes(1), settings.idleTimeout);
  }

  @Test
  void tellsAllProblemsAtOnce() throws IOException {
    ApplicationProperties properties =
        properties(
            "\"stream.arn\": \"events\", \"idle.timeout\": \"PT0S\", \"aws.endpoint\": \"4566\", \"outptu\": \"s3://lake\"");
    new Settings(properties);
    String told = assertThrows(IllegalArgumentException.class, properties::check).getMessage();
    assertTrue(told.contains("stream.arn: \"events\", expected arn:aws:kinesis:<region>:<account>:stream/<name>"), told);
    assertTrue(told.contains("output: missing, expected s3://<bucket>[/<folder>]"), told);
    assertTrue(told.contains("idle.timeout: \"PT0S\", expected a duration like PT1M"), told);
    assertTrue(told.contains("aws.endpoint: \"4566\""), told);
    assertTrue(told.contains("outptu: unknown, known are [aws.endpoint, idle.timeout,"), told);
  }

  @Test
  void saysWhichGroupIsMissingAndWhichFile() throws IOException {
    Path file = Files.writeString(folder.resolve("groups.json"), "[{\"PropertyGroupId\": \"other\", \"PropertyMap\": {}}]");
    String noGroup =
        assertThrows(IllegalArgumentException.class, () -> ApplicationProperties.read(file.toString())).getMessage();
    assertTrue(noGroup.endsWith("have no group tideline, but [other]"), noGroup);
    String noFile =
        assertThrows(IOException.class, () -> ApplicationProperties.read(folder.resolve("none").toString())).getMessage();
    assertTrue(noFile.contains("APPLICATION_PROPERTIES_FILE"), noFile);
  }

  private ApplicationProperties properties(String entries) throws IOException {
    String groups = "[{\"PropertyGroupId\": \"tideline\", \"PropertyMap\": {" + entries + "}}]";
    return ApplicationProperties.read(Files.writeString(folder.resolve("groups.json"), groups).toString());
  }
}
