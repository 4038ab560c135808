package tideline.platform;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tideline.events.Products;

/** The columns of a stream's files, as a contract says them. */
public final class FileColumns {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS").withZone(ZoneOffset.UTC);
  private static final Map<String, String> PARQUET =
      Map.of(
          "string", "binary %s (STRING)",
          "timestamp", "int64 %s (TIMESTAMP(MICROS,false))",
          "date", "int32 %s (DATE)",
          "double", "double %s",
          "boolean", "boolean %s",
          "bigint", "int64 %s",
          "decimal(12,2)", "int64 %s (DECIMAL(12,2))",
          "decimal(4,2)", "int32 %s (DECIMAL(4,2))");

  private final List<Map<String, Object>> columns;

  private FileColumns(List<Map<String, Object>> columns) {
    this.columns = columns;
  }

  /** Of a schema of a product's contract: `public.trips_realtime`, `trips_live`. */
  public static FileColumns of(String product, String schema) {
    for (Map<String, Object> table : Products.rows(Products.contract(product).get("schema")))
      if (schema.equals(table.get("name"))) return new FileColumns(Products.rows(table.get("properties")));
    throw new AssertionError("The contract of " + product + " has no schema " + schema);
  }

  /** Each column as a Parquet schema has it. */
  public List<String> parquet() {
    List<String> fields = new ArrayList<>();
    for (Map<String, Object> column : columns) {
      String presence = Boolean.TRUE.equals(column.get("required")) ? "required " : "optional ";
      fields.add(presence + String.format(PARQUET.get(column.get("physicalType")), column.get("name")));
    }
    return fields;
  }

  /** The values of a file's row by column, as cases write them. */
  public Map<String, String> texts(Object[] values) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (int index = 0; index < values.length; index++) {
      Map<String, Object> column = columns.get(index);
      texts.put((String) column.get("name"), Products.text(typed(values[index], (String) column.get("physicalType"))));
    }
    return texts;
  }

  private static Object typed(Object value, String type) {
    if (value == null) return null;
    if (type.equals("timestamp")) return TIME.format(Instant.ofEpochMilli((Long) value));
    if (type.equals("date")) return LocalDate.ofEpochDay((Integer) value);
    return value;
  }
}
