package tideline.platform;

import java.util.Map;
import java.util.Properties;

/** Properties as an application is given them. */
public final class GivenProperties {
  private GivenProperties() {}

  public static ApplicationProperties of(Map<String, String> values) {
    Properties properties = new Properties();
    properties.putAll(values);
    return new ApplicationProperties("given", properties);
  }
}
