// MariaDB Connector/J, driven over its standard input: see ../driven.py for what is said there.

import java.io.*;
import java.nio.charset.StandardCharsets;
import java.sql.*;
import java.util.*;

public final class Driver {
    static Connection connection;
    static final Map<String, PreparedStatement> statements = new HashMap<>();
    static final List<String> OPERATIONS =
            List.of("connect", "query", "prepare", "execute", "close", "ping", "init_db", "reset", "quit");
    static final int CLOSED = 1220;  // the driver's own

    // A request: a list of strings, integers and nulls.
    static final class Request {
        final String text;
        int at;
        final List<Object> values = new ArrayList<>();

        Request(String line) {
            text = line;
            for (at = 1; at < text.length(); at++) {
                char next = text.charAt(at);
                if (next == '"') values.add(string());
                else if (next == 'n') { values.add(null); at += 3; }
                else if (next == '-' || Character.isDigit(next)) values.add(number());
            }
        }

        String string() {
            StringBuilder made = new StringBuilder();
            for (at++; text.charAt(at) != '"'; at++) {
                char next = text.charAt(at);
                if (next != '\\') { made.append(next); continue; }
                next = text.charAt(++at);
                if (next == 'u') { made.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16)); at += 4; }
                else made.append(next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? '\r' : next == 'b' ? '\b' : next == 'f' ? '\f' : next);
            }
            return made.toString();
        }

        Long number() {
            int begin = at;
            while (at + 1 < text.length() && Character.isDigit(text.charAt(at + 1))) at++;
            return Long.valueOf(text.substring(begin, at + 1));
        }

        String name(int index) { return (String) values.get(index); }
    }

    static String quoted(String value) {
        StringBuilder made = new StringBuilder("\"");
        for (char each : value.toCharArray()) {
            if (each == '"' || each == '\\') made.append('\\').append(each);
            else if (each < ' ' || each > '~') made.append(String.format("\\u%04x", (int) each));
            else made.append(each);
        }
        return made.append('"').toString();
    }

    static String rows(ResultSet result) throws SQLException {
        StringJoiner found = new StringJoiner(",", "{\"rows\":[", "]}");
        int columns = result == null ? 0 : result.getMetaData().getColumnCount();
        while (columns > 0 && result.next()) {
            StringJoiner row = new StringJoiner(",", "[", "]");
            for (int i = 1; i <= columns; i++) {
                String value = result.getString(i);
                row.add(value == null ? "null" : quoted(value));
            }
            found.add(row.toString());
        }
        return found.toString();
    }

    static String results(java.sql.Statement statement, boolean isRows) throws SQLException {
        String first = null;
        while (isRows || statement.getUpdateCount() >= 0) {
            if (isRows && first == null) first = rows(statement.getResultSet());
            isRows = statement.getMoreResults();
        }
        return first == null ? rows(null) : first;
    }

    static void connect(Request request) throws SQLException {
        statements.clear();
        String mode = request.name(5);
        String url = "jdbc:mariadb://127.0.0.1:" + request.values.get(1) + "/" + request.name(4)
                + "?useServerPrepStmts=true&cachePrepStmts=false&allowMultiQueries=true&socketTimeout=60000&autoReconnect=false";
        if (mode.contains("tls")) url += "&useSsl=true&trustServerCertificate=true";
        if (mode.contains("compressed")) url += "&useCompression=true";
        connection = DriverManager.getConnection(url, request.name(2), request.name(3));
    }

    static String run(Request request) throws SQLException {
        switch (request.name(0)) {
            case "connect" -> connect(request);
            case "query" -> { try (java.sql.Statement s = connection.createStatement()) { return results(s, s.execute(request.name(1))); } }
            case "prepare" -> statements.put(request.name(1), connection.prepareStatement(request.name(2)));
            case "execute" -> {
                PreparedStatement s = statements.get(request.name(1));
                for (int i = 2; i < request.values.size(); i++) s.setObject(i - 1, request.values.get(i));
                return results(s, s.execute());
            }
            case "close" -> statements.remove(request.name(1)).close();
            case "ping" -> { if (!connection.isValid(30)) throw new SQLException("not valid"); }
            case "init_db" -> connection.setCatalog(request.name(1));
            case "reset" -> ((org.mariadb.jdbc.MariaDbConnection) connection).reset();
            case "quit" -> connection.close();
            default -> throw new IllegalArgumentException(request.name(0));
        }
        return rows(null);
    }

    static String answer(String line) {
        try {
            return run(new Request(line));
        } catch (SQLException error) {
            SQLException said = error;  // the driver wraps what the server said, and gives it other numbers
            for (Throwable each = error; each != null; each = each.getCause()) if (each instanceof SQLException inner) said = inner;
            String text = quoted(String.valueOf(said.getMessage()));
            int number = said.getErrorCode();
            return number <= 0 || number == CLOSED ? "{\"lost\":" + text + "}" : "{\"error\":[" + number + "," + text + "]}";
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        StringJoiner names = new StringJoiner(",", "{\"operations\":[", "]}");
        OPERATIONS.forEach(name -> names.add(quoted(name)));
        System.out.println(names);
        for (String line; (line = in.readLine()) != null;) System.out.println(answer(line));
        System.exit(0);
    }
}
