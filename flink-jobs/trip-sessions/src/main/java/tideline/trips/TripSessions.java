package tideline.trips;

import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import tideline.events.Event;
import tideline.platform.Counters;

/**
 * Events of a trip to its rows, keyed by the trip's id. A row goes out when the trip has ended, or was silent for long, and again
 * whenever an event changes it; the one with the highest version is the newest.
 */
final class TripSessions extends KeyedProcessFunction<String, Event, TripRow> {
  /** After the last event of a trip without a start: then nothing of it is in a row. */
  private static final long WAIT_FOR_START_MS = Duration.ofHours(48).toMillis();

  private final long silenceMs;
  private transient ValueState<Trip> state;
  private transient Counter repeated;
  private transient Counter late;
  private transient Counter withoutStart;
  private transient Counter tooMany;

  /** A trip that has started and not ended is emitted after so long without an event of its own, in event time. */
  TripSessions(Duration silence) {
    silenceMs = silence.toMillis();
  }

  @Override
  public void open(OpenContext context) {
    state = getRuntimeContext().getState(new ValueStateDescriptor<>("trip", Trip.class));
    MetricGroup metrics = getRuntimeContext().getMetricGroup();
    repeated = Counters.counter(metrics, "repeatedEvents");
    late = Counters.counter(metrics, "lateEvents");
    withoutStart = Counters.counter(metrics, "eventsWithoutStart");
    tooMany = Counters.counter(metrics, "eventsOfFullTrips");
  }

  @Override
  public void processElement(Event event, Context context, Collector<TripRow> out) throws Exception {
    long now = context.timerService().currentWatermark();
    Trip known = state.value();
    if (isLate(event, now, known)) {
      late.inc();
      return;
    }
    Trip trip = known == null ? new Trip() : known;
    if (trip.isFull()) {
      tooMany.inc();
      return;
    }
    // The key has it: no need to keep it with every event.
    event.tripId = null;
    if (!trip.add(event)) {
      repeated.inc();
      return;
    }
    emit(trip, trip.rowsThatTake(Trip.dateOf(event.timestamp)), now, context, out);
    setTimer(trip, now, context);
    state.update(trip);
  }

  @Override
  public void onTimer(long at, OnTimerContext context, Collector<TripRow> out) throws Exception {
    Trip trip = state.value();
    long now = context.timerService().currentWatermark();
    trip.timerAt = 0;
    if (!trip.isEmitted) emit(trip, trip.rows(), now, context, out);
    while (trip.forgottenAt(WAIT_FOR_START_MS) <= now) {
      if (trip.forgetFirst()) continue;
      if (!trip.isEmitted) withoutStart.inc(trip.seen.length);
      state.clear();
      return;
    }
    setTimer(trip, now, context);
    state.update(trip);
  }

  /** Whether no row takes it any more: that of its own date is over; of what is no start, that of the next date too. */
  private static boolean isLate(Event event, long now, Trip known) {
    boolean isStart = event.is("trip_started");
    if (known == null && !isStart && event.timestamp + WAIT_FOR_START_MS <= now) return true;
    int lastStart = Trip.dateOf(event.timestamp) + (isStart ? 0 : 1);
    return (lastStart + Trip.DATES_FROM_START) * Trip.DAY_MS <= now;
  }

  private void emit(Trip trip, List<TripRow> rows, long now, Context context, Collector<TripRow> out) {
    boolean isSilent = silentAt(trip) <= now;
    for (TripRow row : rows) {
      if (!trip.isEmitted && !isSilent && !row.hasEnded()) continue;
      trip.isEmitted = true;
      row.tripId = context.getCurrentKey();
      row.emittedAt = context.timerService().currentProcessingTime();
      out.collect(row);
    }
  }

  /** One timer a trip, for each is state too. */
  private void setTimer(Trip trip, long now, Context context) {
    long forgottenAt = trip.forgottenAt(WAIT_FOR_START_MS);
    boolean awaitsSilence = !trip.isEmitted && silentAt(trip) > now && trip.starts().length > 0;
    long due = awaitsSilence ? Math.min(silentAt(trip), forgottenAt) : forgottenAt;
    // One that fires too early sets the next.
    if (trip.timerAt != 0 && trip.timerAt <= due) return;
    if (trip.timerAt != 0) context.timerService().deleteEventTimeTimer(trip.timerAt);
    context.timerService().registerEventTimeTimer(due);
    trip.timerAt = due;
  }

  private long silentAt(Trip trip) {
    return trip.newestEventAt + silenceMs;
  }
}
