package tideline.trips;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.parquet.schema.Type;
import org.junit.jupiter.api.Test;

class TripFilesTest {
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

  @Test
  void hasTheColumnsOfTheContractInItsOrder() {
    List<String> contract = new ArrayList<>();
    for (Map<String, Object> column : TripCases.liveColumns()) {
      String presence = Boolean.TRUE.equals(column.get("required")) ? "required " : "optional ";
      contract.add(presence + String.format(PARQUET.get(column.get("physicalType")), column.get("name")));
    }
    List<String> file = new ArrayList<>();
    for (Type column : MessageTypeParser.parseMessageType(TripFiles.SCHEMA).getFields()) file.add(column.toString());
    assertEquals(contract, file);
  }
}
