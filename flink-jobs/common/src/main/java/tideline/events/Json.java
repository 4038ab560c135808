package tideline.events;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;

/**
 * JSON as Spark's from_json reads it into columns, on the same parser: a value of another type leaves the column as it was,
 * the last of several members of one name counts, and what follows a closing bracket is not looked at.
 */
final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  /** Takes a member whose value the parser stands at, and leaves the parser at the value's last token. */
  interface Members {
    void read(String name, JsonParser value) throws IOException;
  }

  private Json() {}

  /** Reads the members of the only object in `text`; false where it is not one object and nothing else. */
  static boolean readOnlyObject(String text, Members members) {
    try (JsonParser parser = FACTORY.createParser("[" + text + "]")) {
      parser.nextToken();
      if (parser.nextToken() != JsonToken.START_OBJECT) return false;
      readObject(parser, members);
      return parser.nextToken() == JsonToken.END_ARRAY;
    } catch (JsonProcessingException malformed) {
      return false;
    } catch (IOException impossible) {
      throw new UncheckedIOException("A text in memory could not be read", impossible);
    }
  }

  /** Reads the members of the object at whose beginning the parser stands. */
  static void readObject(JsonParser parser, Members members) throws IOException {
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      members.read(name, parser);
      // Of a value that nobody wanted.
      parser.skipChildren();
    }
  }

  /** A text, or what is none as JSON. */
  static String text(JsonParser value) throws IOException {
    switch (value.currentToken()) {
      case VALUE_NULL:
        return null;
      case VALUE_STRING:
        return whole(value.getText());
      default:
        StringWriter json = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(json)) {
          generator.copyCurrentStructure(value);
        }
        return json.toString();
    }
  }

  /** Half of a character is none: a question mark to Spark, and to UTF-8 in files. */
  private static String whole(String text) {
    boolean isPlain = text.chars().noneMatch(unit -> Character.isSurrogate((char) unit));
    return isPlain ? text : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  static Double number(JsonParser value, Double before) throws IOException {
    switch (value.currentToken()) {
      case VALUE_NULL:
        return null;
      case VALUE_NUMBER_INT:
      case VALUE_NUMBER_FLOAT:
        return value.getDoubleValue();
      case VALUE_STRING:
        return notFinite(value.getText(), before);
      default:
        return before;
    }
  }

  private static Double notFinite(String text, Double before) {
    switch (text) {
      case "NaN":
        return Double.NaN;
      case "+INF":
      case "+Infinity":
      case "Infinity":
        return Double.POSITIVE_INFINITY;
      case "-INF":
      case "-Infinity":
        return Double.NEGATIVE_INFINITY;
      default:
        return before;
    }
  }

  static Long wholeNumber(JsonParser value, Long before) throws IOException {
    switch (value.currentToken()) {
      case VALUE_NULL:
        return null;
      case VALUE_NUMBER_INT:
        try {
          return value.getLongValue();
        } catch (InputCoercionException tooLarge) {
          return before;
        }
      default:
        return before;
    }
  }

  /** With two decimals and at most so many digits, rounded half up. */
  static BigDecimal decimal(JsonParser value, int precision, BigDecimal before) throws IOException {
    try {
      switch (value.currentToken()) {
        case VALUE_NULL:
          return null;
        case VALUE_NUMBER_INT:
        case VALUE_NUMBER_FLOAT:
          return fitting(value.getDecimalValue(), precision, before);
        case VALUE_STRING:
          return fitting(new BigDecimal(value.getText().replace(",", "")), precision, before);
        default:
          return before;
      }
    } catch (NumberFormatException noNumber) {
      return before;
    }
  }

  private static BigDecimal fitting(BigDecimal exact, int precision, BigDecimal before) {
    long digitsBeforePoint = (long) exact.precision() - exact.scale();
    // Asked first, because to write out 1e600000000 takes minutes and a gigabyte.
    if (exact.signum() != 0 && digitsBeforePoint > precision) return before;
    if (exact.signum() == 0 || digitsBeforePoint < -3) return BigDecimal.ZERO.setScale(2);
    BigDecimal rounded = exact.setScale(2, RoundingMode.HALF_UP);
    return rounded.precision() > precision ? before : rounded;
  }
}
