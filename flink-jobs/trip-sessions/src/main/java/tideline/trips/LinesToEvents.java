package tideline.trips;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import tideline.events.DecodedLine;
import tideline.events.Event;
import tideline.events.Rejected;

/** Lines of records to the events of trips; what is no event goes aside. */
final class LinesToEvents extends ProcessFunction<DecodedLine[], Event> {
  static final OutputTag<Rejected> REJECTED = new OutputTag<>("rejected") {};

  private transient Counter rejectedLines;

  @Override
  public void open(OpenContext context) {
    rejectedLines = getRuntimeContext().getMetricGroup().counter("rejectedLines");
  }

  @Override
  public void processElement(DecodedLine[] lines, Context context, Collector<Event> out) {
    for (DecodedLine line : lines) {
      if (line.rejected != null) {
        rejectedLines.inc();
        context.output(REJECTED, line.rejected);
      } else if (line.event.tripId != null) out.collect(line.event);
    }
  }
}
