package tideline.surge;

import java.net.URI;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import tideline.platform.Counters;

/** The newest window of each zone in a table of DynamoDB, in which apps look it up. */
final class ZoneLookup implements Sink<SurgeRow> {
  private static final Pattern TABLE = Pattern.compile("[\\w.-]{3,255}");

  private final String table;
  private final String region;
  private final URI endpoint;

  /** `endpoint`: of DynamoDB, where it is not AWS's own. */
  ZoneLookup(String table, String region, Optional<URI> endpoint) {
    this.table = table;
    this.region = region;
    this.endpoint = endpoint.orElse(null);
  }

  /** Throws where a table cannot have this name. */
  static Optional<String> tableName(String value) {
    if (!TABLE.matcher(value).matches()) throw new IllegalArgumentException(value);
    return Optional.of(value);
  }

  @Override
  public SinkWriter<SurgeRow> createWriter(InitContext context) {
    return new ZoneLookupWriter(
        new ZoneTable(table, region, Optional.ofNullable(endpoint)),
        context.getProcessingTimeService(),
        Counters.counter(context.metricGroup(), "supersededRows"));
  }
}
