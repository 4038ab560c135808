package tideline.trips;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Collectors;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.parquet.schema.Type;
import org.junit.jupiter.api.Test;

class TripFilesTest {
  @Test
  void hasTheColumnsOfTheContractInItsOrder() {
    assertEquals(
        TripCases.COLUMNS.parquet(),
        MessageTypeParser.parseMessageType(TripFiles.SCHEMA).getFields().stream()
            .map(Type::toString)
            .collect(Collectors.toList()));
  }
}
