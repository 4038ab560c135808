package tideline.surge;

import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;

/** A table of DynamoDB with one item a zone, which only a later window or a higher version of its window replaces. */
final class ZoneTable implements AutoCloseable {
  private static final String IS_NEWER =
      "attribute_not_exists(geo_zone) OR window_start < :start OR (window_start = :start AND version < :version)";
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
  private static final BackoffStrategy BACK_OFF =
      BackoffStrategy.exponentialDelay(Duration.ofMillis(100), Duration.ofSeconds(20));
  private static final Duration LIFE = Duration.ofHours(1);

  private final String table;
  private final DynamoDbClient client;

  /** `endpoint`: of DynamoDB, where it is not AWS's own. */
  ZoneTable(String table, String region, Optional<URI> endpoint) {
    this.table = table;
    client =
        DynamoDbClient.builder()
            .region(Region.of(region))
            .applyMutation(builder -> endpoint.ifPresent(builder::endpointOverride))
            .httpClientBuilder(
                UrlConnectionHttpClient.builder().connectionTimeout(CONNECT_TIMEOUT).socketTimeout(ANSWER_TIMEOUT))
            .overrideConfiguration(options -> options.retryStrategy(withoutEnd()))
            .build();
  }

  /** Puts a row; false where the table has it, or a newer one. Waits for as long as DynamoDB throttles or is not there. */
  boolean put(SurgeRow row) {
    String start = Instant.ofEpochMilli(row.windowStart).toString();
    try {
      client.putItem(
          PutItemRequest.builder()
              .tableName(table)
              .item(item(row))
              .conditionExpression(IS_NEWER)
              .expressionAttributeValues(
                  Map.of(":start", AttributeValue.fromS(start), ":version", number(row.version)))
              .build());
      return true;
    } catch (ConditionalCheckFailedException isThere) {
      return false;
    }
  }

  @Override
  public void close() {
    client.close();
  }

  private static Map<String, AttributeValue> item(SurgeRow row) {
    Instant start = Instant.ofEpochMilli(row.windowStart);
    Instant end = Instant.ofEpochMilli(row.windowEnd);
    return Map.of(
        "geo_zone", AttributeValue.fromS(row.geoZone),
        "window_start", AttributeValue.fromS(start.toString()),
        "window_end", AttributeValue.fromS(end.toString()),
        "rider_requests", number(row.riderRequests),
        "available_drivers", number(row.availableDrivers),
        "demand_supply_ratio", AttributeValue.fromN(BigDecimal.valueOf(row.demandSupplyRatio).toPlainString()),
        "surge_multiplier", AttributeValue.fromN(row.surgeMultiplier.toPlainString()),
        "version", number(row.version),
        "expires_at", number(end.plus(LIFE).getEpochSecond()));
  }

  private static AttributeValue number(long value) {
    return AttributeValue.fromN(String.valueOf(value));
  }

  /** What is refused for another reason than its moment, a missing table say, is thrown at once. */
  private static StandardRetryStrategy withoutEnd() {
    return AwsRetryStrategy.standardRetryStrategy().toBuilder()
        .maxAttempts(Integer.MAX_VALUE)
        .circuitBreakerEnabled(false)
        .backoffStrategy(BACK_OFF)
        .throttlingBackoffStrategy(BACK_OFF)
        .build();
  }
}
