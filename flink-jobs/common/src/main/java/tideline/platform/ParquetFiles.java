package tideline.platform;

import java.io.Serializable;
import java.time.ZoneOffset;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.core.fs.Path;
import org.apache.flink.formats.parquet.ParquetWriterFactory;
import org.apache.flink.streaming.api.functions.sink.filesystem.OutputFileConfig;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.DateTimeBucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;

/** Parquet files of the hour in which they were written (UTC): `<folder>/dt=YYYY-MM-DD/hh=HH/part-….parquet`. */
public final class ParquetFiles {
  /**
   * The values of a row in the order of the columns: null, text or bytes, numbers, decimals of the column's scale, instants in
   * milliseconds and dates in days since 1970-01-01 UTC.
   */
  public interface Values<T> extends Serializable {
    Object[] of(T row);
  }

  private ParquetFiles() {}

  /**
   * A sink whose files appear whole and once, with each checkpoint. What is not committed yet is no object in S3, and in a file
   * system has a name that begins with a dot.
   */
  public static <T> FileSink<T> sink(String folder, String schema, Values<T> values) {
    ParquetWriterFactory<T> format =
        new ParquetWriterFactory<>(
            file -> new Builder<>(file, schema, values).withCompressionCodec(CompressionCodecName.SNAPPY).build());
    return FileSink.forBulkFormat(new Path(folder), format)
        .withRollingPolicy(OnCheckpointRollingPolicy.build())
        .withBucketAssigner(new DateTimeBucketAssigner<>("'dt='yyyy-MM-dd'/hh='HH", ZoneOffset.UTC))
        .withOutputFileConfig(OutputFileConfig.builder().withPartPrefix("part").withPartSuffix(".parquet").build())
        .build();
  }

  private static final class Builder<T> extends ParquetWriter.Builder<T, Builder<T>> {
    private final String schema;
    private final Values<T> values;

    Builder(OutputFile file, String schema, Values<T> values) {
      super(file);
      this.schema = schema;
      this.values = values;
    }

    @Override
    protected Builder<T> self() {
      return this;
    }

    @Override
    protected WriteSupport<T> getWriteSupport(Configuration none) {
      return new ParquetRows<>(schema, values);
    }
  }
}
