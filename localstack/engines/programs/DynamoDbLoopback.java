import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import java.lang.reflect.Field;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/**
 * DynamoDB Local for programs of this machine only: its own main class has no option for an address, listens on all of them, and takes any name
 * in Host, so that a page whose name was pointed here after it was loaded could read every table.
 */
public final class DynamoDbLoopback {
  static final Pattern OWN_NAMES = Pattern.compile(
      "((.+\\.)?localhost|(.+\\.)?localhost\\.localstack\\.cloud|127(\\.[0-9]{1,3}){3}|\\[::1])(:[0-9]{1,5})?", Pattern.CASE_INSENSITIVE);

  public static void main(String[] arguments) throws Exception {
    DynamoDBProxyServer proxy = ServerRunner.createServerFromCommandLineArgs(arguments);
    Field field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    Server server = (Server) field.get(proxy);
    for (Connector connector : server.getConnectors()) {
      ((ServerConnector) connector).setHost("127.0.0.1");
    }
    server.insertHandler(new OwnPrograms());
    proxy.start();
  }

  static final class OwnPrograms extends Handler.Wrapper {
    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
      HttpFields headers = request.getHeaders();
      String host = headers.get("Host");
      boolean isPage = headers.contains("Origin") || headers.contains("Sec-Fetch-Site");
      if (!isPage && host != null && OWN_NAMES.matcher(host).matches()) return super.handle(request, response, callback);
      Response.writeError(request, response, callback, 403);
      return true;
    }
  }
}
