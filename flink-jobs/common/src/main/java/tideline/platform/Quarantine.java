package tideline.platform;

import org.apache.flink.connector.file.sink.FileSink;
import tideline.events.Rejected;

/** Lines that are no events, as files beside the rows: reason, the line as received, when it came. */
public final class Quarantine {
  private static final String SCHEMA =
      "message quarantine {"
          + " required binary reason (STRING);"
          + " required binary line;"
          + " required int64 arrived_at (TIMESTAMP(MICROS,false));"
          + " }";

  private Quarantine() {}

  public static FileSink<Rejected> sink(String output) {
    return ParquetFiles.sink(
        output + "/streaming/quarantine", SCHEMA, line -> new Object[] {line.reason, line.line, line.arrivedAt});
  }
}
