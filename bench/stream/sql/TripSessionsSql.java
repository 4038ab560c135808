import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Trips as plain Flink SQL makes them, for comparison: a session window of two hours a trip, emitted when it is over, if the
 * trip has a start and an end. It takes a copy for another event, splits a trip with a longer pause, and loses what comes later.
 */
public final class TripSessionsSql {
  private TripSessionsSql() {}

  public static void main(String[] none) throws IOException {
    Map<String, String> properties = properties();
    TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    String endpoint = properties.containsKey("aws.endpoint") ? "'aws.endpoint' = '" + properties.get("aws.endpoint") + "'," : "";
    tables.executeSql(
        "CREATE TABLE events ("
            + " event_name STRING, event_timestamp TIMESTAMP_LTZ(3),"
            + " payload ROW<trip_id STRING, driver_id STRING, rider_id STRING,"
            + "  pickup_location ROW<latitude DOUBLE, longitude DOUBLE>, dropoff_location ROW<latitude DOUBLE, longitude DOUBLE>,"
            + "  actual_fare DOUBLE, status STRING>,"
            + " WATERMARK FOR event_timestamp AS event_timestamp - INTERVAL '10' MINUTE"
            + ") WITH ('connector' = 'kinesis', 'stream' = '" + properties.get("stream") + "', 'aws.region' = 'us-east-1',"
            + endpoint
            + " 'scan.stream.initpos' = 'LATEST', 'scan.shard.getrecords.intervalmillis' = '1000',"
            + " 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601',"
            + " 'json.ignore-parse-errors' = 'true')");
    tables.executeSql(
        "CREATE TABLE trips ("
            + " trip_id STRING, driver_id STRING, rider_id STRING, start_time TIMESTAMP_LTZ(3), end_time TIMESTAMP_LTZ(3),"
            + " start_lat DOUBLE, start_lon DOUBLE, end_lat DOUBLE, end_lon DOUBLE, fare DOUBLE, status STRING"
            + ") WITH ('connector' = 'filesystem', 'path' = '" + properties.get("output") + "', 'format' = 'parquet')");
    tables.executeSql(
        "CREATE VIEW trip_events AS SELECT event_name, event_timestamp, payload.trip_id AS trip_id,"
            + " payload.driver_id AS driver_id, payload.rider_id AS rider_id, payload.pickup_location.latitude AS start_lat,"
            + " payload.pickup_location.longitude AS start_lon, payload.dropoff_location.latitude AS end_lat,"
            + " payload.dropoff_location.longitude AS end_lon,"
            + " payload.actual_fare AS actual_fare, payload.status AS status FROM events WHERE payload.trip_id IS NOT NULL");
    tables.executeSql(
        "INSERT INTO trips SELECT trip_id, MAX(driver_id), MAX(rider_id),"
            + " MIN(event_timestamp) FILTER (WHERE event_name = 'trip_started'),"
            + " MAX(event_timestamp) FILTER (WHERE event_name = 'trip_completed'),"
            + " MAX(start_lat) FILTER (WHERE event_name = 'trip_started'),"
            + " MAX(start_lon) FILTER (WHERE event_name = 'trip_started'),"
            + " MAX(end_lat) FILTER (WHERE event_name = 'trip_completed'),"
            + " MAX(end_lon) FILTER (WHERE event_name = 'trip_completed'),"
            + " MAX(actual_fare) FILTER (WHERE event_name = 'payment_processed'), MAX(status)"
            + " FROM TABLE(SESSION(TABLE trip_events PARTITION BY trip_id, DESCRIPTOR(event_timestamp), INTERVAL '2' HOUR))"
            + " GROUP BY trip_id, window_start, window_end"
            + " HAVING COUNT(*) FILTER (WHERE event_name = 'trip_started') > 0"
            + " AND COUNT(*) FILTER (WHERE event_name = 'trip_completed') > 0");
  }

  private static Map<String, String> properties() throws IOException {
    Map<String, String> properties = new HashMap<>();
    Path file = Path.of(System.getenv("APPLICATION_PROPERTIES_FILE"));
    for (JsonNode group : new ObjectMapper().readTree(file.toFile()))
      group.get("PropertyMap").fields().forEachRemaining(entry -> properties.put(entry.getKey(), entry.getValue().asText()));
    return properties;
  }
}
