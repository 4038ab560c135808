package tideline.events;

/** A line that is no event: what bronze.events_quarantine keeps of it. */
public class Rejected {
  public String reason;
  /** As received. */
  public byte[] line;
  /** When its record came into the stream, in milliseconds since 1970-01-01 UTC. */
  public long arrivedAt;

  /** For the serializer of the stream. */
  public Rejected() {}

  Rejected(String reason, byte[] line, long arrivedAt) {
    this.reason = reason;
    this.line = line;
    this.arrivedAt = arrivedAt;
  }
}
