package tideline.platform;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/** Figures of an application that its service passes on. */
public final class Counters {
  private Counters() {}

  /**
   * A counter that Managed Service for Apache Flink tells CloudWatch of; all others stay in Flink's dashboard:
   * https://docs.aws.amazon.com/managed-flink/latest/java/monitoring-metrics-custom.html
   */
  public static Counter counter(MetricGroup group, String name) {
    return group.addGroup("kinesisanalytics").counter(name);
  }
}
