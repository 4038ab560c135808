package tideline.events;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Texts to instants, as Spark's cast reads those that have a date and a time. */
final class EventTime {
  private static final Pattern FORM =
      Pattern.compile(
          "(\\d{4})-(\\d{2})-(\\d{2})[T ](\\d{2}):(\\d{2})(?::(\\d{1,2})(?:\\.(\\d*))?([^\\d.].*)?)?", Pattern.DOTALL);
  private static final Pattern TRAILING = Pattern.compile("[\\x00-\\x20\\x7f]+$");
  private static final Pattern HOUR_OF_ONE_DIGIT = Pattern.compile("([+-])(\\d):");
  private static final Pattern MINUTE_OF_ONE_DIGIT = Pattern.compile("([+-]\\d\\d:)(\\d)$");

  private EventTime() {}

  /** Milliseconds since 1970-01-01 UTC, what is finer cut off; null for a text that is no time. */
  static Long parse(String text) {
    Matcher parts = FORM.matcher(TRAILING.matcher(text).replaceFirst(""));
    if (!parts.matches()) return null;
    try {
      LocalDateTime local =
          LocalDateTime.of(
              number(parts, 1),
              number(parts, 2),
              number(parts, 3),
              number(parts, 4),
              number(parts, 5),
              parts.group(6) == null ? 0 : number(parts, 6),
              nanosOfMillis(parts.group(7)));
      return local.atZone(zone(parts.group(8))).toInstant().toEpochMilli();
    } catch (DateTimeException notATime) {
      return null;
    }
  }

  private static int number(Matcher parts, int group) {
    return Integer.parseInt(parts.group(group));
  }

  private static int nanosOfMillis(String fraction) {
    if (fraction == null) return 0;
    return Integer.parseInt((fraction + "000").substring(0, 3)) * 1_000_000;
  }

  private static ZoneId zone(String text) {
    if (text == null) return ZoneOffset.UTC;
    String twoDigitHour = HOUR_OF_ONE_DIGIT.matcher(text.trim()).replaceFirst("$10$2:");
    return ZoneId.of(MINUTE_OF_ONE_DIGIT.matcher(twoDigitHour).replaceFirst("$10$2"), ZoneId.SHORT_IDS);
  }
}
