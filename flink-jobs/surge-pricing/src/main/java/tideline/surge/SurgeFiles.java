package tideline.surge;

import org.apache.flink.connector.file.sink.FileSink;
import tideline.platform.ParquetFiles;

/** The files that merges take: the schema `surge_live` of products/public/surge_pricing/contract.yaml, column by column. */
final class SurgeFiles {
  static final String SCHEMA =
      "message surge_live {"
          + " required binary geo_zone (STRING);"
          + " required int64 window_start (TIMESTAMP(MICROS,false));"
          + " required int64 window_end (TIMESTAMP(MICROS,false));"
          + " required int64 rider_requests;"
          + " required int64 available_drivers;"
          + " required double demand_supply_ratio;"
          + " required int32 surge_multiplier (DECIMAL(4,2));"
          + " required int64 version;"
          + " required int64 emitted_at (TIMESTAMP(MICROS,false));"
          + " }";

  private SurgeFiles() {}

  static FileSink<SurgeRow> sink(String output) {
    return ParquetFiles.sink(output + "/streaming/surge", SCHEMA, SurgeFiles::values);
  }

  static Object[] values(SurgeRow row) {
    return new Object[] {
      row.geoZone,
      row.windowStart,
      row.windowEnd,
      row.riderRequests,
      row.availableDrivers,
      row.demandSupplyRatio,
      row.surgeMultiplier,
      row.version,
      row.emittedAt
    };
  }
}
