package tideline.platform;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What every application is told. Of `ApplicationProperties`, with its own keys beside. */
public final class Settings {
  private static final Pattern STREAM_ARN =
      Pattern.compile("arn:[\\w-]+:kinesis:(?<region>[\\w-]+):\\d{12}:stream/(?<name>[\\w.-]{1,128})");
  private static final Pattern LAKE = Pattern.compile("s3://[a-z0-9.-]{3,63}(/[\\w.=/-]*[\\w.=-])?");
  private static final Set<String> POSITIONS = Set.of("TRIM_HORIZON", "LATEST");

  public final String streamName;
  public final String region;
  /** Where the lake begins, without a slash at its end. */
  public final String output;
  /** Where reading begins without a snapshot. */
  public final String initialPosition;
  /** Of Kinesis, where it is not AWS's own. */
  public final Optional<URI> endpoint;
  /** A shard that was found read to its end for so long no longer holds event time back. */
  public final Duration idleTimeout;

  /** Reads the common keys; the caller reads its own and then checks. */
  public Settings(ApplicationProperties properties) {
    Matcher stream =
        properties.get(
            "stream.arn", "arn:aws:kinesis:<region>:<account>:stream/<name>", null, value -> matched(STREAM_ARN, value));
    streamName = stream == null ? null : stream.group("name");
    region = stream == null ? null : stream.group("region");
    output = properties.get("output", "s3://<bucket>[/<folder>]", null, value -> matched(LAKE, value).group());
    initialPosition =
        properties.get("initial.position", "TRIM_HORIZON or LATEST", "TRIM_HORIZON", Settings::knownPosition);
    endpoint = endpoint(properties, "aws.endpoint");
    idleTimeout = duration(properties, "idle.timeout", Duration.ofMinutes(1));
  }

  /** A length of time above nothing. */
  public static Duration duration(ApplicationProperties properties, String key, Duration absent) {
    return properties.get(key, "a duration like PT1M", absent, Settings::positive);
  }

  /** Of a service, where it is not AWS's own. */
  public static Optional<URI> endpoint(ApplicationProperties properties, String key) {
    return properties.get(key, "http(s)://<host>[:<port>]", Optional.empty(), Settings::endpoint);
  }

  private static Duration positive(String value) {
    Duration length = Duration.parse(value);
    if (length.isNegative() || length.isZero()) throw new IllegalArgumentException(value);
    return length;
  }

  private static Matcher matched(Pattern pattern, String value) {
    Matcher matcher = pattern.matcher(value);
    if (!matcher.matches()) throw new IllegalArgumentException(value);
    return matcher;
  }

  private static String knownPosition(String value) {
    if (!POSITIONS.contains(value)) throw new IllegalArgumentException(value);
    return value;
  }

  private static Optional<URI> endpoint(String value) {
    URI uri = URI.create(value);
    if (uri.getHost() == null || !Set.of("http", "https").contains(uri.getScheme()))
      throw new IllegalArgumentException(value);
    return Optional.of(uri);
  }
}
