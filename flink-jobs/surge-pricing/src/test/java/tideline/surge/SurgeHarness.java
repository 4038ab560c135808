package tideline.surge;

import java.time.Duration;
import java.util.List;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import tideline.events.Event;
import tideline.platform.KeyedHarness;

/** Windows alone, with ten minutes of lateness. */
final class SurgeHarness extends KeyedHarness<Tuple2<String, Long>, Signal, SurgeRow> {
  SurgeHarness() throws Exception {
    this(null);
  }

  SurgeHarness(OperatorSubtaskState snapshot) throws Exception {
    super(new SurgeWindows(Duration.ofMinutes(10)), Signal::key, SurgeWindows.KEYS, snapshot);
  }

  SurgeHarness send(Iterable<Event> events) throws Exception {
    for (Event event : events) {
      Signal signal = Signal.of(event);
      if (signal != null) process(signal, event.timestamp);
    }
    return this;
  }

  SurgeHarness send(Event... events) throws Exception {
    return send(List.of(events));
  }
}
