package tideline;

import static org.apache.hadoop.fs.s3a.S3AUtils.translateException;

import io.delta.storage.S3SingleDriverLogStore;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.util.Iterator;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.s3a.S3AFileSystem;
import org.apache.hadoop.fs.store.audit.AuditSpan;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Delta's log on S3, safe for any number of drivers: S3 itself refuses the second file of one version. Reading is
 * Delta's own; requests go through S3A's client, with its endpoint, region, credentials and retries.
 */
public final class ConditionalPutLogStore extends S3SingleDriverLogStore {
  private static final String WRITE_ID = "log-store-write-id";
  private static final int PRECONDITION_FAILED = 412;
  private static final int CONDITIONAL_REQUEST_CONFLICT = 409;
  private static final int MAX_ATTEMPTS = 20;
  private static final int MAX_PAUSE_MS = 500;

  public ConditionalPutLogStore(Configuration conf) {
    super(conf);
  }

  @Override
  public void write(Path path, Iterator<String> actions, Boolean overwrite, Configuration conf) throws IOException {
    if (!(path.getFileSystem(conf) instanceof S3AFileSystem fs)) {
      throw new IOException(path + " is not on S3A: choose another log store for its scheme, or S3A as its file system");
    }
    // Tells this write from any other, also from one of equal content.
    String writeId = UUID.randomUUID().toString();
    PutObjectRequest.Builder request = PutObjectRequest.builder()
        .bucket(fs.getBucket())
        .key(fs.pathToKey(path))
        .metadata(Map.of(WRITE_ID, writeId));
    if (!overwrite) {
      request.ifNoneMatch("*");
    }
    try (AuditSpan span = fs.createSpan("log_store_write", path.toString(), null)) {
      span.activate();
      put(fs.getS3AInternals().getAmazonS3Client("conditional put"), request.build(), lines(actions), path, writeId);
    } catch (SdkException failure) {
      throw translateException("write", path, failure);
    }
  }

  /**
   * Lists from the file on, a page when it is asked for. Delta's own listing begins with the first file of the log, and
   * ends with the last, also where only the oldest version is wanted: with every read of a version, a year of commits.
   */
  @Override
  public Iterator<FileStatus> listFrom(Path path, Configuration conf) throws IOException {
    if (!(path.getFileSystem(conf) instanceof S3AFileSystem fs)) {
      return super.listFrom(path, conf);
    }
    Path folder = fs.makeQualified(path.getParent());
    Listing listing = new Listing(fs, folder, path.getName());
    if (!listing.hasNext() && !fs.exists(folder)) {
      throw new FileNotFoundException("No such file or directory: " + folder);
    }
    return listing;
  }

  /** The files of a folder from a name on, by name. */
  private static final class Listing implements Iterator<FileStatus> {
    private final S3AFileSystem fs;
    private final Path folder;
    private final String prefix;
    private final String first;
    private ListObjectsV2Response page;
    private Iterator<S3Object> objects;

    Listing(S3AFileSystem fs, Path folder, String first) throws IOException {
      this.fs = fs;
      this.folder = folder;
      this.prefix = fs.pathToKey(folder) + "/";
      this.first = first;
      read();
    }

    @Override
    public boolean hasNext() {
      try {
        while (!objects.hasNext() && page.isTruncated()) {
          read();
        }
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
      return objects.hasNext();
    }

    @Override
    public FileStatus next() {
      hasNext();
      S3Object object = objects.next();
      Path file = new Path(folder, object.key().substring(prefix.length()));
      long modified = object.lastModified().toEpochMilli();
      return new FileStatus(object.size(), false, 1, fs.getDefaultBlockSize(file), modified, file);
    }

    private void read() throws IOException {
      ListObjectsV2Request.Builder request =
          ListObjectsV2Request.builder().bucket(fs.getBucket()).prefix(prefix).delimiter("/");
      if (page == null) {
        request.startAfter(prefix + before(first));
      } else {
        request.continuationToken(page.nextContinuationToken());
      }
      try (AuditSpan span = fs.createSpan("log_store_list", folder.toString(), null)) {
        span.activate();
        page = fs.getS3AInternals().getAmazonS3Client("list from").listObjectsV2(request.build());
      } catch (SdkException failure) {
        throw translateException("list", folder, failure);
      }
      // The folder itself may be an object.
      objects = page.contents().stream().filter(object -> object.key().compareTo(prefix + first) >= 0).iterator();
    }

    /** Sorts before the name, and after any that no file of a log has: S3 begins after a key, not with it. */
    private static String before(String name) {
      return name.substring(0, name.length() - 1);
    }
  }

  private static void put(S3Client s3, PutObjectRequest request, RequestBody body, Path path, String writeId)
      throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        s3.putObject(request, body);
        return;
      } catch (S3Exception failure) {
        if (failure.statusCode() == PRECONDITION_FAILED) {
          // The client repeats a request whose answer was lost: what is there may be this very write.
          if (isThere(s3, request, writeId)) {
            return;
          }
          throw new FileAlreadyExistsException(path.toString());
        }
        if (failure.statusCode() != CONDITIONAL_REQUEST_CONFLICT || attempt == MAX_ATTEMPTS) {
          throw failure;
        }
      }
      // Another write of the key is under way: S3 has not decided yet, and asks for a repetition.
      pause();
    }
  }

  private static boolean isThere(S3Client s3, PutObjectRequest request, String writeId) {
    return writeId.equals(
        s3.headObject(head -> head.bucket(request.bucket()).key(request.key())).metadata().get(WRITE_ID));
  }

  private static RequestBody lines(Iterator<String> actions) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    while (actions.hasNext()) {
      content.write(actions.next().getBytes(StandardCharsets.UTF_8));
      content.write('\n');
    }
    return RequestBody.fromBytes(content.toByteArray());
  }

  private static void pause() throws InterruptedIOException {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextInt(MAX_PAUSE_MS));
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while another write of the log was under way");
    }
  }
}
