package tideline.surge;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Answers puts as it is told to, then takes them; keeps what it was asked. */
final class FakeDynamo implements AutoCloseable {
  /** No answer: the connection ends. */
  static final String NOTHING = "";

  final List<Map<String, Object>> taken = new ArrayList<>();
  private final Deque<String> failures = new ArrayDeque<>();
  private final HttpServer server;

  FakeDynamo() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    System.setProperty("aws.accessKeyId", "local");
    System.setProperty("aws.secretAccessKey", "local");
  }

  /** The next puts fail with these: a status and the name of an error, or NOTHING. */
  void failing(String... next) {
    failures.addAll(List.of(next));
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  int failuresLeft() {
    return failures.size();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    Map<String, Object> put = new Yaml(new SafeConstructor(new LoaderOptions())).load(body);
    String failure = failures.poll();
    if (failure == null) {
      taken.add(put);
      send(exchange, 200, "{}");
    } else if (!failure.equals(NOTHING)) {
      String[] parts = failure.split(" ");
      String error = "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" + parts[1] + "\",\"message\":\"as told\"}";
      send(exchange, Integer.parseInt(parts[0]), error);
    }
    exchange.close();
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    exchange.getResponseHeaders().add("Content-Type", "application/x-amz-json-1.0");
    exchange.sendResponseHeaders(status, body.length());
    exchange.getResponseBody().write(body.getBytes(UTF_8));
  }
}
