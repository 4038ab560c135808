package tideline;

import static org.apache.hadoop.fs.s3a.S3AUtils.translateException;

import io.delta.storage.S3SingleDriverLogStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.util.Iterator;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.s3a.S3AFileSystem;
import org.apache.hadoop.fs.store.audit.AuditSpan;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Delta's log on S3, safe for any number of drivers: S3 itself refuses the second file of one version. Listing and
 * reading are Delta's own; requests go through S3A's client, with its endpoint, region, credentials and retries.
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
