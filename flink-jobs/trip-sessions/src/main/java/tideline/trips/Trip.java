package tideline.trips;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import tideline.events.Event;

/**
 * What is known of a trip, in any order of arrival. A row of silver.trips takes the events of the date before its start, of that
 * date and of the next two, so they are kept by date: an earlier start that comes late moves the dates. State.
 */
public class Trip {
  static final long DAY_MS = 86_400_000;
  /** So many dates from its start on belong to a trip, its start's among them. */
  static final int DATES_FROM_START = 3;
  /** Fifty times a trip of hours: what has more is no trip, such as an id that all apps send, and would hold up all others. */
  static final int MOST_EVENTS = 10_000;

  /** Of each event seen, eight bytes of hash. Among 200 events of a trip two share them once in 10^15 trips. */
  public long[] seen = {};
  public TripDay[] days = {};
  /** Starts of earlier dates are over, and begin no row any more. */
  public int startsFrom = Integer.MIN_VALUE;
  public long newestEventAt = Long.MIN_VALUE;
  /** Whether a row was emitted; from then on every change is. */
  public boolean isEmitted;
  /** The event time for which a timer is set; 0 without one. */
  public long timerAt;

  static int dateOf(long timestamp) {
    return (int) Math.floorDiv(timestamp, DAY_MS);
  }

  /** Whether more events of it are left to the batch. */
  boolean isFull() {
    return seen.length >= MOST_EVENTS;
  }

  /** False for an event that was seen before: an event is its id and its time, as in bronze.events. */
  boolean add(Event event) {
    long hash = hash(event);
    if (Arrays.stream(seen).anyMatch(known -> known == hash)) return false;
    seen = Arrays.copyOf(seen, seen.length + 1);
    seen[seen.length - 1] = hash;
    newestEventAt = Math.max(newestEventAt, event.timestamp);
    day(dateOf(event.timestamp)).add(event);
    return true;
  }

  /** The dates on which a row starts, in order: no event of the date before is a start. */
  int[] starts() {
    return Arrays.stream(days)
        .filter(day -> day.date >= startsFrom && day.hasStart())
        .mapToInt(day -> day.date)
        .filter(date -> Arrays.stream(days).noneMatch(day -> day.date == date - 1 && day.hasStart()))
        .sorted()
        .toArray();
  }

  /** Its rows as silver.trips has them: at least two events. */
  List<TripRow> rows() {
    return rows(start -> true);
  }

  /** Those of its rows that take events of a date. */
  List<TripRow> rowsThatTake(int date) {
    return rows(start -> takes(start, date));
  }

  private List<TripRow> rows(IntPredicate wanted) {
    return Arrays.stream(starts())
        .filter(wanted)
        .mapToObj(this::row)
        .filter(row -> row.eventCount >= 2)
        .collect(Collectors.toList());
  }

  /** When the row that starts first takes no more events; without a start, when to wait for one no longer. */
  long forgottenAt(long waitForStartMs) {
    int[] starts = starts();
    return starts.length == 0 ? newestEventAt + waitForStartMs : (starts[0] + DATES_FROM_START) * DAY_MS;
  }

  /** Forgets the row that starts first; false where nothing is left for a later one. */
  boolean forgetFirst() {
    int[] starts = starts();
    if (starts.length == 0) return false;
    startsFrom = starts[0] + DATES_FROM_START - 1;
    if (Arrays.stream(days).noneMatch(day -> day.date >= startsFrom)) return false;
    // The date before stays: it tells whether a trip begins on the next one, or goes on.
    days = Arrays.stream(days).filter(day -> day.date >= startsFrom - 1).toArray(TripDay[]::new);
    return true;
  }

  private static boolean takes(int start, int date) {
    return date >= start - 1 && date < start + DATES_FROM_START;
  }

  private TripRow row(int start) {
    TripDay[] taken = Arrays.stream(days).filter(day -> takes(start, day.date)).toArray(TripDay[]::new);
    Event[] events = Arrays.stream(taken).flatMap(day -> Arrays.stream(day.deciding)).toArray(Event[]::new);
    TripRow row = TripRow.of(Decisions.among(events));
    row.eventCount = Arrays.stream(taken).mapToLong(day -> day.eventCount).sum();
    row.locationUpdates = Arrays.stream(taken).mapToLong(day -> day.locationUpdates).sum();
    row.tripDate = start;
    row.version = seen.length;
    return row;
  }

  private TripDay day(int date) {
    for (TripDay day : days) if (day.date == date) return day;
    TripDay added = new TripDay(date);
    days = Arrays.copyOf(days, days.length + 1);
    days[days.length - 1] = added;
    return added;
  }

  private static long hash(Event event) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(event.id.getBytes(StandardCharsets.UTF_8));
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(event.timestamp).array());
      return ByteBuffer.wrap(digest.digest()).getLong();
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("Java has no SHA-256", impossible);
    }
  }
}
