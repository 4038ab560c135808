package tideline.platform;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How far event time has come on each shard that a subtask reads, in milliseconds since 1970-01-01 UTC. A shard holds event time
 * back until reads have found it at its end for `idleMs`: one that is slow to read or to answer, or was not reached yet, has
 * events that would come too late. Known before the first record after a restart, for the last records before it may have been
 * the last at all.
 */
final class ShardEventTimes {
  /** Of shards without an event. */
  static final long UNKNOWN = Long.MIN_VALUE;

  private static final class Shard {
    long newest;
    /** Null while there is more to read. */
    Long atEndSince;
    /** Of the last read: one that hangs says nothing of what has come meanwhile. */
    long lastRead;
    boolean isEnded;
    /** Records of it were read that have not all been emitted yet. */
    boolean isInHand;
    /** It had an event since it was last found read to its end or not. */
    boolean hasNews;

    private Shard(long newest) {
      this.newest = newest;
    }
  }

  private final long idleMs;
  private final Map<String, Long> restored = new HashMap<>();
  private final Map<String, Shard> shards = new LinkedHashMap<>();

  ShardEventTimes(long idleMs) {
    this.idleMs = idleMs;
  }

  /** What was saved, of any subtask: a shard may be another's now. */
  synchronized void restore(String shard, long newest) {
    restored.merge(shard, newest, Math::max);
  }

  /** A shard that is to be read from here on. */
  synchronized void add(String shard) {
    Long newest = restored.remove(shard);
    shards.put(shard, new Shard(newest == null ? UNKNOWN : newest));
  }

  /** All shards that were there at the start have been added: what is left was restored for other subtasks. */
  synchronized void begin() {
    restored.clear();
  }

  /** Records were read, and are emitted from here on. */
  synchronized void reading(String shard) {
    shards.get(shard).isInHand = true;
  }

  /** A record was emitted; `UNKNOWN` where it has no event. */
  synchronized void event(String shard, long at) {
    if (at == UNKNOWN) return;
    Shard read = shards.get(shard);
    read.newest = Math.max(read.newest, at);
    read.hasNews = true;
  }

  /** All that was read is emitted. Records without an event do not keep a shard awake: it would hold event time back for ever. */
  synchronized void read(String shard, boolean isAtEnd, long now) {
    Shard read = shards.get(shard);
    if (!isAtEnd) read.atEndSince = null;
    else if (read.hasNews || read.atEndSince == null) read.atEndSince = now;
    read.lastRead = now;
    read.hasNews = false;
    read.isInHand = false;
  }

  /** Nothing more will come of a shard. It counts on for what all have come to. */
  synchronized void ended(String shard, long since) {
    Shard read = shards.get(shard);
    read.atEndSince = since;
    read.isEnded = true;
  }

  /** Whether no shard is waited for. */
  synchronized boolean isIdle(long now) {
    return shards.values().stream().noneMatch(shard -> isWaitedFor(shard, now));
  }

  /** The newest event of the slowest shard that is waited for; of them all where none is. */
  synchronized long eventTime(long now) {
    List<Shard> waitedFor =
        shards.values().stream().filter(shard -> isWaitedFor(shard, now)).collect(Collectors.toList());
    return waitedFor.isEmpty()
        ? shards.values().stream().mapToLong(shard -> shard.newest).max().orElse(UNKNOWN)
        : waitedFor.stream().mapToLong(shard -> shard.newest).min().getAsLong();
  }

  /** What a restart begins with. */
  synchronized Map<String, Long> saved() {
    Map<String, Long> saved = new HashMap<>(restored);
    shards.forEach((name, shard) -> {
      if (shard.newest != UNKNOWN) saved.put(name, shard.newest);
    });
    return saved;
  }

  private boolean isWaitedFor(Shard shard, long now) {
    if (shard.isInHand || shard.atEndSince == null) return true;
    return (shard.isEnded ? now : shard.lastRead) - shard.atEndSince < idleMs;
  }
}
