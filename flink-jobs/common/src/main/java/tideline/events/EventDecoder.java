package tideline.events;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** Records of the stream to events, as bronze reads the same lines from raw files: the same fields, the same reasons. */
public final class EventDecoder {
  /** 2024-01-01, the `earliestEvent` of bronze.events. */
  static final long EARLIEST_EVENT = 1_704_067_200_000L;

  private static final long HOUR_MS = 3_600_000;
  private static final int CLOCK_SKEW_HOURS = 1;
  private static final int IDENTIFIER_BYTES = 128;
  private static final int FARE_DIGITS = 12;
  private static final int SURGE_DIGITS = 4;
  private static final Pattern CONTROL = Pattern.compile("\\p{Cc}");

  private EventDecoder() {}

  /**
   * The lines of a record. The delivery ends each record with a line feed and bronze reads lines, so a record with line
   * feeds in it is several.
   */
  public static DecodedLine[] decode(byte[] record, long arrivedAt) {
    List<DecodedLine> lines = new ArrayList<>(1);
    int start = 0;
    for (int at = 0; at <= record.length; at++) {
      if (at < record.length && record[at] != '\n') continue;
      lines.add(decodeLine(Arrays.copyOfRange(record, start, at), arrivedAt));
      start = at + 1;
    }
    return lines.toArray(new DecodedLine[0]);
  }

  private static DecodedLine decodeLine(byte[] line, long arrivedAt) {
    Envelope envelope = new Envelope();
    String reason = envelope.read(new String(line, StandardCharsets.UTF_8), arrivedAt);
    return reason == null
        ? new DecodedLine(envelope.event, null, arrivedAt)
        : new DecodedLine(null, new Rejected(reason, line, arrivedAt), arrivedAt);
  }

  /** The members that every event has, and the payload's in `event`. */
  private static final class Envelope {
    private String id;
    private String name;
    private String timestamp;
    private Event event = new Event();
    private boolean hasPayload;
    private boolean firstPayloadIsObject;

    /** The first thing that is wrong with a line, or null for an event. */
    String read(String line, long arrivedAt) {
      if (isOnlySpaces(line)) return "EMPTY_LINE";
      if (!Json.readOnlyObject(line, this::readMember)) return "UNPARSABLE";
      if (id == null) return "MISSING_EVENT_ID";
      if (name == null) return "MISSING_EVENT_NAME";
      if (timestamp == null) return "MISSING_TIMESTAMP";
      Long at = EventTime.parse(timestamp);
      if (at == null) return "BAD_TIMESTAMP";
      // Against the end of the hour of arrival and not the clock, so that it is the same whenever it is asked.
      if (at > (Math.floorDiv(arrivedAt, HOUR_MS) + 1 + CLOCK_SKEW_HOURS) * HOUR_MS) return "FUTURE_TIMESTAMP";
      if (at < EARLIEST_EVENT) return "ANCIENT_TIMESTAMP";
      event.id = id;
      event.name = name;
      event.timestamp = at;
      return hasBadIdentifier() ? "BAD_IDENTIFIER" : null;
    }

    private static boolean isOnlySpaces(String line) {
      return line.chars().allMatch(character -> character == ' ');
    }

    private void readMember(String member, JsonParser value) throws IOException {
      switch (member) {
        case "event_id":
          id = Json.text(value);
          break;
        case "event_name":
          name = Json.text(value);
          break;
        case "event_timestamp":
          timestamp = Json.text(value);
          break;
        case "payload":
          readPayload(value);
          break;
        default:
      }
    }

    /** Of several payloads the first counts if it is an object, else the last. */
    private void readPayload(JsonParser value) throws IOException {
      if (firstPayloadIsObject) return;
      firstPayloadIsObject = !hasPayload && value.currentToken() == JsonToken.START_OBJECT;
      hasPayload = true;
      event = new Event();
      if (value.currentToken() == JsonToken.START_OBJECT) Json.readObject(value, this::readField);
      else if (value.currentToken() == JsonToken.VALUE_STRING && !Json.readOnlyObject(value.getText(), this::readField))
        event = new Event();
    }

    private void readField(String field, JsonParser value) throws IOException {
      switch (field) {
        case "trip_id":
          event.tripId = Json.text(value);
          break;
        case "driver_id":
          event.driverId = Json.text(value);
          break;
        case "rider_id":
          event.riderId = Json.text(value);
          break;
        case "city_id":
          event.cityId = Json.text(value);
          break;
        case "geo_zone":
          event.geoZone = Json.text(value);
          break;
        case "vehicle_type":
          event.vehicleType = Json.text(value);
          break;
        case "status":
          event.status = Json.text(value);
          break;
        case "pickup_location":
          Location pickup = Location.read(value, new Location(event.startLat, event.startLon));
          event.startLat = pickup.latitude;
          event.startLon = pickup.longitude;
          break;
        case "dropoff_location":
          Location dropoff = Location.read(value, new Location(event.endLat, event.endLon));
          event.endLat = dropoff.latitude;
          event.endLon = dropoff.longitude;
          break;
        case "estimated_fare":
          event.estimatedFare = Json.decimal(value, FARE_DIGITS, event.estimatedFare);
          break;
        case "actual_fare":
          event.actualFare = Json.decimal(value, FARE_DIGITS, event.actualFare);
          break;
        case "surge_multiplier":
          event.surgeMultiplier = Json.decimal(value, SURGE_DIGITS, event.surgeMultiplier);
          break;
        case "rating":
          event.rating = Json.number(value, event.rating);
          break;
        case "duration":
          event.duration = Json.wholeNumber(value, event.duration);
          break;
        default:
      }
    }

    /** What the warehouse keeps as text and cannot: no column takes a zero byte, nor any length. */
    private boolean hasBadIdentifier() {
      String[] texts = {
        event.id,
        event.tripId,
        event.driverId,
        event.riderId,
        event.cityId,
        event.geoZone,
        event.vehicleType,
        event.status
      };
      for (String text : texts)
        if (text != null && (isTooLong(text) || CONTROL.matcher(text).find())) return true;
      return false;
    }

    private static boolean isTooLong(String text) {
      // No character takes more than three bytes: of most texts the length says enough.
      return 3 * text.length() > IDENTIFIER_BYTES && text.getBytes(StandardCharsets.UTF_8).length > IDENTIFIER_BYTES;
    }
  }

  private static final class Location {
    private Double latitude;
    private Double longitude;

    Location(Double latitude, Double longitude) {
      this.latitude = latitude;
      this.longitude = longitude;
    }

    static Location read(JsonParser value, Location before) throws IOException {
      if (value.currentToken() == JsonToken.VALUE_NULL) return new Location(null, null);
      if (value.currentToken() != JsonToken.START_OBJECT) return before;
      Location found = new Location(null, null);
      Json.readObject(
          value,
          (name, member) -> {
            if (name.equals("latitude")) found.latitude = Json.number(member, found.latitude);
            if (name.equals("longitude")) found.longitude = Json.number(member, found.longitude);
          });
      return found;
    }
  }
}
