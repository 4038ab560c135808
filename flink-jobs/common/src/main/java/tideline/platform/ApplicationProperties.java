package tideline.platform;

import com.amazonaws.services.kinesisanalytics.runtime.KinesisAnalyticsRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The properties of an application, as Managed Flink hands them over: the group `tideline` of a file of property groups.
 * Values are asked for one by one; `check` then tells everything that is wrong with them, at once.
 */
public final class ApplicationProperties {
  private static final String GROUP = "tideline";
  private static final String FILE = "/etc/flink/application_properties.json";
  /** Says where the file is on a machine whose /etc is not Managed Flink's. */
  private static final String FILE_VARIABLE = "APPLICATION_PROPERTIES_FILE";

  private final String origin;
  private final Properties values;
  private final Set<String> asked = new HashSet<>();
  private final List<String> problems = new ArrayList<>();

  ApplicationProperties(String origin, Properties values) {
    this.origin = origin;
    this.values = values;
  }

  /** Source: https://docs.aws.amazon.com/managed-flink/latest/java/how-properties.html */
  public static ApplicationProperties load() throws IOException {
    return read(System.getenv().getOrDefault(FILE_VARIABLE, FILE));
  }

  static ApplicationProperties read(String file) throws IOException {
    if (!Files.isReadable(Path.of(file)))
      throw new IOException(
          "Application properties " + file + " cannot be read: start in Managed Flink, or name a file in " + FILE_VARIABLE);
    Map<String, Properties> groups = KinesisAnalyticsRuntime.getApplicationProperties(file);
    if (groups.containsKey(GROUP)) return new ApplicationProperties(file + ", group " + GROUP, groups.get(GROUP));
    throw new IllegalArgumentException(
        "Application properties " + file + " have no group " + GROUP + ", but " + new TreeSet<>(groups.keySet()));
  }

  /**
   * The value of a key as `parse` reads it, `absent` where there is none. A value that `parse` refuses by an exception is a
   * problem, as is one that is missing without an `absent`; null is given then, and `check` throws.
   */
  public <T> T get(String key, String allowed, T absent, Function<String, T> parse) {
    asked.add(key);
    String value = values.getProperty(key);
    if (value == null) {
      if (absent == null) problems.add(key + ": missing, expected " + allowed);
      return absent;
    }
    try {
      return parse.apply(value);
    } catch (RuntimeException refused) {
      problems.add(key + ": \"" + value + "\", expected " + allowed);
      return null;
    }
  }

  /** Throws with all problems of the values, unknown keys among them. */
  public void check() {
    for (String key : new TreeSet<>(values.stringPropertyNames()))
      if (!asked.contains(key)) problems.add(key + ": unknown, known are " + new TreeSet<>(asked));
    if (!problems.isEmpty())
      throw new IllegalArgumentException(
          "Application properties (" + origin + "):\n  " + String.join("\n  ", problems));
  }
}
