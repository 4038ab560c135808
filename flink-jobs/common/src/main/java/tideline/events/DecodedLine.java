package tideline.events;

/** What a line is: an event, or rejected; the other is null. */
public class DecodedLine {
  public Event event;
  public Rejected rejected;

  static DecodedLine of(Event event) {
    DecodedLine line = new DecodedLine();
    line.event = event;
    return line;
  }

  static DecodedLine of(Rejected rejected) {
    DecodedLine line = new DecodedLine();
    line.rejected = rejected;
    return line;
  }
}
