package tideline.events;

/** What a line is: an event, or rejected; the other is null. */
public class DecodedLine {
  public Event event;
  public Rejected rejected;
  /** When its record came into the stream, in milliseconds since 1970-01-01 UTC. */
  public long arrivedAt;

  /** For the serializer of the stream. */
  public DecodedLine() {}

  DecodedLine(Event event, Rejected rejected, long arrivedAt) {
    this.event = event;
    this.rejected = rejected;
    this.arrivedAt = arrivedAt;
  }
}
