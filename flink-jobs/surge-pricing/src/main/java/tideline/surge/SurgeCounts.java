package tideline.surge;

/** How many a window has of either, so that no row has to count its ids. State. */
public class SurgeCounts {
  public long riderRequests;
  public long availableDrivers;
}
