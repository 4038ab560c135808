package tideline.trips;

import java.util.Arrays;
import tideline.events.Event;

/** The events of a trip in one date: how many, and those that decide something about its row. State. */
public class TripDay {
  /** Days since 1970-01-01, UTC. */
  public int date;
  public long eventCount;
  public long locationUpdates;
  public Event[] deciding = {};

  /** For the serializer of the state. */
  public TripDay() {}

  TripDay(int date) {
    this.date = date;
  }

  void add(Event event) {
    eventCount++;
    if (event.is("driver_location_updated")) locationUpdates++;
    Event[] all = Arrays.copyOf(deciding, deciding.length + 1);
    all[deciding.length] = event;
    // What decides nothing among the events of its date decides nothing among more of them.
    deciding = Decisions.among(all).events();
  }

  boolean hasStart() {
    return Arrays.stream(deciding).anyMatch(event -> event.is("trip_started"));
  }
}
