package tideline.platform;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.parquet.schema.PrimitiveType;
import tideline.platform.ParquetFiles.Values;

/** Rows of one kind as Parquet: a schema, and the values of a row in the order of its columns. */
final class ParquetRows<T> extends WriteSupport<T> {
  private static final long MICROS = 1_000;

  private final MessageType schema;
  private final Values<T> values;
  private RecordConsumer out;

  ParquetRows(String schema, Values<T> values) {
    this.schema = MessageTypeParser.parseMessageType(schema);
    this.values = values;
  }

  @Override
  public WriteContext init(Configuration none) {
    return new WriteContext(schema, Map.of());
  }

  @Override
  public void prepareForWrite(RecordConsumer consumer) {
    out = consumer;
  }

  @Override
  public void write(T row) {
    Object[] columns = values.of(row);
    if (columns.length != schema.getFieldCount())
      throw new IllegalStateException(columns.length + " values for the " + schema.getFieldCount() + " columns of " + schema);
    out.startMessage();
    for (int index = 0; index < columns.length; index++) {
      if (columns[index] == null) continue;
      PrimitiveType column = schema.getType(index).asPrimitiveType();
      out.startField(column.getName(), index);
      put(column, columns[index]);
      out.endField(column.getName(), index);
    }
    out.endMessage();
  }

  private void put(PrimitiveType column, Object value) {
    switch (column.getPrimitiveTypeName()) {
      case BINARY:
        byte[] bytes = value instanceof byte[] ? (byte[]) value : ((String) value).getBytes(StandardCharsets.UTF_8);
        out.addBinary(Binary.fromConstantByteArray(bytes));
        break;
      case BOOLEAN:
        out.addBoolean((Boolean) value);
        break;
      case DOUBLE:
        out.addDouble((Double) value);
        break;
      case INT32:
        out.addInteger(value instanceof BigDecimal ? ((BigDecimal) value).unscaledValue().intValueExact() : (Integer) value);
        break;
      case INT64:
        out.addLong(wide(column, value));
        break;
      default:
        throw new IllegalArgumentException("No column of these files has the type " + column);
    }
  }

  private static long wide(PrimitiveType column, Object value) {
    if (value instanceof BigDecimal) return ((BigDecimal) value).unscaledValue().longValueExact();
    boolean isInstant = column.getLogicalTypeAnnotation() instanceof TimestampLogicalTypeAnnotation;
    return isInstant ? (Long) value * MICROS : (Long) value;
  }
}
