package tideline.surge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SurgeRowTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0, 0.0, 1.00",
    "0, 7, 0.0, 1.00",
    "1, 0, 1.0, 1.00",
    "119, 100, 1.19, 1.00",
    "6, 5, 1.2, 1.50",
    "12000000000, 10000000000, 1.2, 1.50",
    "199, 100, 1.99, 1.50",
    "2, 1, 2.0, 2.00",
    "2, 0, 2.0, 2.00",
    "299, 100, 2.99, 2.00",
    "3, 1, 3.0, 2.50",
    "3, 0, 3.0, 2.50",
    "900, 1, 900.0, 2.50"
  })
  void givesABoundaryToTheHigherStep(long requests, long drivers, double ratio, String multiplier) {
    SurgeRow row = new SurgeRow("mitte", 0, requests, drivers);
    assertEquals(ratio, row.demandSupplyRatio);
    assertEquals(multiplier, row.surgeMultiplier.toString());
    assertEquals(requests + drivers, row.version);
  }
}
