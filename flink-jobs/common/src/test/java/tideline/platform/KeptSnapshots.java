package tideline.platform;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** State that earlier versions of an application have written: `src/test/snapshots` of its folder. */
public final class KeptSnapshots {
  private static final Path KEPT = Path.of("src", "test", "snapshots");

  private KeptSnapshots() {}

  /** The oldest first; there is at least one. */
  public static Stream<Path> all() throws Exception {
    try (Stream<Path> files = Files.list(KEPT)) {
      List<Path> found = files.sorted().collect(Collectors.toList());
      assertFalse(found.isEmpty(), "no snapshot in " + KEPT);
      return found.stream();
    }
  }
}
