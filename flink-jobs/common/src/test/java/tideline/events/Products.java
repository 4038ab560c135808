package tideline.events;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/** Contracts and cases of the products, the same files that Spark's tests read. */
public final class Products {
  private static final Path FOLDER = Path.of("..", "..", "products");

  private Products() {}

  /** The cases of a product (`silver.trips`), by the name of their file. */
  public static List<Path> cases(String product) {
    try (Stream<Path> files = Files.list(folder(product).resolve("cases"))) {
      List<Path> found = files.sorted().collect(Collectors.toList());
      if (found.isEmpty()) throw new IllegalStateException(product + " has no case");
      return found;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  public static Map<String, Object> contract(String product) {
    return read(folder(product).resolve("contract.yaml"));
  }

  @SuppressWarnings("unchecked")
  public static Map<String, Object> read(Path file) {
    try {
      return (Map<String, Object>) yaml().load(Files.readString(file));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @SuppressWarnings("unchecked")
  public static List<Map<String, Object>> rows(Object value) {
    return (List<Map<String, Object>>) value;
  }

  /** The rows that a case expects of a product, in all columns that it names of any of them. */
  public static List<Map<String, String>> expected(Path file, String product) {
    List<Map<String, Object>> rows = rows(((Map<?, ?>) read(file).get("expect")).get(product));
    Set<String> names = rows.stream().flatMap(row -> row.keySet().stream()).collect(Collectors.toSet());
    List<Map<String, String>> expected = new ArrayList<>();
    for (Map<String, Object> row : rows) {
      Map<String, String> texts = new TreeMap<>();
      for (String name : names) texts.put(name, text(row.get(name)));
      expected.add(texts);
    }
    return expected;
  }

  /** A value of a case, or of a row that is compared with it. */
  public static String text(Object value) {
    if (value instanceof Double) return String.valueOf(Math.round((Double) value * 1e9) / 1e9);
    return String.valueOf(value);
  }

  private static Path folder(String product) {
    return FOLDER.resolve(product.replace('.', '/'));
  }

  private static Yaml yaml() {
    LoaderOptions options = new LoaderOptions();
    return new Yaml(
        new SafeConstructor(options), new Representer(new DumperOptions()), new DumperOptions(), options, new NoTimes());
  }

  /** Times stay the text that they are. */
  private static final class NoTimes extends Resolver {
    @Override
    protected void addImplicitResolvers() {
      addImplicitResolver(Tag.BOOL, BOOL, "tfTF");
      addImplicitResolver(Tag.NULL, NULL, "~nN\0");
      addImplicitResolver(Tag.INT, INT, "-+0123456789");
      addImplicitResolver(Tag.FLOAT, FLOAT, "-+0123456789.");
    }
  }
}
