package tideline.platform;

import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.PhysicalTransformation;

/** By which names an application finds its state again in a snapshot. */
public final class StateNames {
  private StateNames() {}

  /** The uids of all operators of a job; fails where one has none. */
  public static Set<String> of(StreamExecutionEnvironment environment) {
    Set<String> names = new TreeSet<>();
    for (Transformation<?> last : environment.getTransformations())
      for (Transformation<?> each : last.getTransitivePredecessors())
        if (each instanceof PhysicalTransformation) names.add(nameOf(each));
    return names;
  }

  private static String nameOf(Transformation<?> operator) {
    if (operator.getUid() == null)
      throw new AssertionError(operator.getName() + " has no uid: its state would not outlive a change of the job");
    return operator.getUid();
  }
}
