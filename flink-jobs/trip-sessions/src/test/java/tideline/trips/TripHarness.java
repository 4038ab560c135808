package tideline.trips;

import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import tideline.events.Event;
import tideline.platform.KeyedHarness;

/** Trips alone. */
final class TripHarness extends KeyedHarness<String, Event, TripRow> {
  TripHarness() throws Exception {
    this(null);
  }

  TripHarness(OperatorSubtaskState snapshot) throws Exception {
    super(new TripSessions(Duration.ofHours(2)), event -> event.tripId, Types.STRING, snapshot);
  }

  /** Sends copies, for the function keeps what it is given. */
  TripHarness send(Iterable<Event> events) throws Exception {
    for (Event event : events) {
      Event copy = new Event();
      for (var field : Event.class.getFields()) field.set(copy, field.get(event));
      process(copy, copy.timestamp);
    }
    return this;
  }

  TripHarness send(Event... events) throws Exception {
    return send(List.of(events));
  }
}
