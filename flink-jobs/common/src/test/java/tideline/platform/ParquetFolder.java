package tideline.platform;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.io.LocalInputFile;

/** Files as merges find them: none but whole ones, in folders of hours. */
public final class ParquetFolder {
  private static final String COMMITTED = "dt=\\d{4}-\\d{2}-\\d{2}/hh=\\d{2}/[A-Za-z0-9-][\\w.=-]*\\.parquet";

  private ParquetFolder() {}

  /** All rows of a folder, in the order in which they were written. */
  public static List<Group> rows(Path root) throws Exception {
    List<Group> rows = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().collect(Collectors.toList())) {
        assertTrue(root.relativize(file).toString().matches(COMMITTED), file.toString());
        try (ParquetReader<Group> reader = new Groups(file).build()) {
          for (Group row = reader.read(); row != null; row = reader.read()) rows.add(row);
        }
      }
    }
    return rows;
  }

  private static final class Groups extends ParquetReader.Builder<Group> {
    Groups(Path file) {
      super(new LocalInputFile(file), new PlainParquetConfiguration());
    }

    @Override
    protected GroupReadSupport getReadSupport() {
      return new GroupReadSupport();
    }
  }
}
