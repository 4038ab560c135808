package tideline.platform;

import java.io.Serializable;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import tideline.events.DecodedLine;
import tideline.events.Event;
import tideline.events.Rejected;

/** Lines of records to what an application takes of their events; what is no event goes aside, counted. */
public final class DecodedLines<T> extends ProcessFunction<DecodedLine[], T> {
  public static final OutputTag<Rejected> REJECTED = new OutputTag<>("rejected") {};

  /** What is taken of an event, null for nothing. */
  public interface Taken<T> extends Serializable {
    T of(Event event);
  }

  private final Taken<T> taken;
  private transient Counter rejectedLines;

  public DecodedLines(Taken<T> taken) {
    this.taken = taken;
  }

  @Override
  public void open(OpenContext context) {
    rejectedLines = Counters.counter(getRuntimeContext().getMetricGroup(), "rejectedLines");
  }

  @Override
  public void processElement(DecodedLine[] lines, Context context, Collector<T> out) {
    for (DecodedLine line : lines) {
      if (line.rejected != null) {
        rejectedLines.inc();
        context.output(REJECTED, line.rejected);
        continue;
      }
      T wanted = taken.of(line.event);
      if (wanted != null) out.collect(wanted);
    }
  }
}
