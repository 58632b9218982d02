#include "proxy/ctl.hpp"

#include "proxy/ctl_request.hpp"
#include "proxy/event_printer.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <fstream>
#include <iterator>
#include <ostream>
#include <utility>

namespace sessiongate::proxy {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using response = http::response<http::string_body>;
using request = http::request<http::string_body>;
using socket = asio::generic::stream_protocol::socket;

constexpr int done = 0;
constexpr int refused = 1;
constexpr int wrong_usage = 2;
constexpr int not_reached = 3;

struct ctl_options {
  std::vector<std::string> words;
  std::string url = "http://127.0.0.1:2884";
  std::string socket_path;
  std::string token_file;
  bool json = false;
  bool full = false;
  std::string where;
  std::string like;
  std::string sort;
  std::string limit;
  std::string offset;
  std::string reason;
  std::string after;
  std::string timeout;
  bool dry_run = false;
  bool include_self = false;
  std::string mode;
  std::string max;
  std::string last_event_id;

  /// Events are followed, unless a page of those that were is asked for.
  [[nodiscard]] bool follows() const {
    return words == std::vector<std::string>{"events"} && sort.empty() && limit.empty() && offset.empty();
  }
  [[nodiscard]] std::string_view accepts() const {
    return follows() ? "text/event-stream" : json ? "application/json" : "text/plain";
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> parameters() const {
    std::vector<std::pair<std::string, std::string>> given;
    const std::array<std::pair<const char*, bool>, 3> flags{
        {{"full", full}, {"dry_run", dry_run}, {"include_self", include_self}}};
    for (const auto& [name, is_given] : flags) {
      if (is_given) given.emplace_back(name, "true");
    }
    const std::array<std::pair<const char*, const std::string*>, 10> texts{{{"filter", &where},
                                                                            {"like", &like},
                                                                            {"sort", &sort},
                                                                            {"limit", &limit},
                                                                            {"offset", &offset},
                                                                            {"reason", &reason},
                                                                            {"after", &after},
                                                                            {"timeout", &timeout},
                                                                            {"mode", &mode},
                                                                            {"max", &max}}};
    for (const auto& [name, value] : texts) {
      if (!value->empty()) given.emplace_back(name, *value);
    }
    return given;
  }
};

void describe(CLI::App& app, ctl_options& into) {
  app.add_option("command", into.words, "the command and what it is about, as listed below")->required();
  app.add_option("--url", into.url,
                 "where the admin API listens (default http://127.0.0.1:2884) [SESSIONGATE_CTL_URL]");
  app.add_option("--socket", into.socket_path,
                 "the admin API's unix socket, in place of --url [SESSIONGATE_CTL_SOCKET]");
  app.add_option("--token-file", into.token_file,
                 "file with the bearer token; else the token is taken from SESSIONGATE_ADMIN_TOKEN");
  app.add_flag("--json", into.json, "the answer as JSON, not as a table");
  app.add_flag("--full", into.full, "more than is shown by default");
  app.add_option("--where", into.where, "rows that match: \"User = 'app' AND trans_count > 100\"");
  app.add_option("--like", into.like, "rows whose name matches a pattern with % and _");
  app.add_option("--sort", into.sort, "columns, with - in front of descending ones: -trans_count,User");
  app.add_option("--limit", into.limit, "rows at most");
  app.add_option("--offset", into.offset, "rows to leave out first");
  app.add_option("--reason", into.reason, "of a kill: why, for the log and the record of the kill");
  app.add_option("--after", into.after, "of a kill: not at once, but after the open statement or transaction");
  app.add_option("--timeout", into.timeout, "of a kill with --after: seconds to wait for that");
  app.add_flag("--dry-run", into.dry_run, "of kill-where: lists what would be hit, and hits nothing");
  app.add_option("--mode", into.mode, "of kill-where: session (the default), or query: interrupts statements only");
  app.add_option("--max", into.max, "of kill-where: refuses to hit more sessions than that");
  app.add_flag("--include-self", into.include_self, "of kill-where: the session that asks, too");
  app.add_option("--last-event-id", into.last_event_id,
                 "events: begin behind this one; 0: with the oldest that is kept");
  app.footer(ctl_help());
}

/// The token, without the line end that editors add.
std::string read_token(const ctl_options& options, const environment& env) {
  if (options.token_file.empty()) {
    const char* given = env("SESSIONGATE_ADMIN_TOKEN");
    return given == nullptr ? "" : given;
  }
  std::ifstream in(options.token_file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + options.token_file);
  std::string token(std::istreambuf_iterator<char>(in), {});
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  return token;
}

/// `http://host:port`; IPv6 in brackets.
std::pair<std::string, std::string> split_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) throw std::runtime_error("--url must begin with http://");
  url.remove_prefix(scheme.size());
  while (url.ends_with('/')) url.remove_suffix(1);
  const auto colon = url.rfind(':');
  const bool has_port = colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos;
  auto host = url.substr(0, has_port ? colon : url.size());
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::string(host), std::string(has_port ? url.substr(colon + 1) : "80")};
}

socket connect(asio::io_context& context, const ctl_options& options) {
  if (!options.socket_path.empty()) {
    asio::local::stream_protocol::socket connected(context);
    connected.connect(asio::local::stream_protocol::endpoint(options.socket_path));
    return connected;
  }
  const auto [host, port] = split_url(options.url);
  asio::ip::tcp::resolver resolver(context);
  boost::system::error_code last = asio::error::host_not_found;
  for (const auto& each : resolver.resolve(host, port)) {
    asio::ip::tcp::socket connected(context);
    if (!connected.connect(each.endpoint(), last)) return connected;
  }
  throw boost::system::system_error(last);
}

request make_request(const ctl_request& asked, const ctl_options& options, const std::string& token) {
  request made(http::string_to_verb(asked.method), asked.target, 11);
  made.set(http::field::host, "sessiongate");
  made.set(http::field::user_agent, "sessiongate-ctl");
  made.set(http::field::accept, std::string(options.accepts()));
  made.set(http::field::connection, "close");
  if (!options.last_event_id.empty()) made.set("Last-Event-ID", options.last_event_id);
  if (!token.empty()) made.set(http::field::authorization, "Bearer " + token);
  if (!asked.body.empty()) {
    made.set(http::field::content_type, "application/json");
    made.body() = asked.body;
  }
  made.prepare_payload();
  return made;
}

/// What a problem says; the whole body where it is none.
std::string detail_of(const response& answer) {
  const auto problem = nlohmann::json::parse(answer.body(), nullptr, false);
  return problem.is_object() && problem.contains("detail") ? problem["detail"].get<std::string>() : answer.body();
}

int show(const response& answer, const ctl_options& options, std::ostream& out, std::ostream& errors) {
  if (answer.result_int() < 400) {
    out << answer.body();
    return done;
  }
  if (options.json) {
    out << answer.body();
  } else {
    errors << fmt::format("sessiongate ctl: {} ({})\n", detail_of(answer), answer.result_int());
  }
  return refused;
}

/// The answer; events are printed as they come, until the proxy ends them.
int exchange(socket& connection, const request& asked, const ctl_options& options, std::ostream& out,
             std::ostream& errors) {
  http::write(connection, asked);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  http::read_header(connection, buffer, parser);
  const bool follows = options.follows() && parser.get().result() == http::status::ok;
  if (!follows) {
    http::read(connection, buffer, parser);
    return show(parser.release(), options, out, errors);
  }
  event_printer printer(out, options.json);
  while (!parser.is_done()) {
    http::read_some(connection, buffer, parser);
    printer.feed(std::exchange(parser.get().body(), {}));
  }
  return done;
}

}  // namespace

int run_ctl(int argc, const char* const* argv, const environment& env, std::ostream& out, std::ostream& errors) {
  CLI::App app("sessiongate ctl: lists and ends sessions, over the admin API", "sessiongate ctl");
  ctl_options options;
  if (const char* url = env("SESSIONGATE_CTL_URL")) options.url = url;
  if (const char* path = env("SESSIONGATE_CTL_SOCKET")) options.socket_path = path;
  describe(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& ended) {
    return app.exit(ended, out, errors) == 0 ? done : wrong_usage;
  }
  const auto asked = make_ctl_request(options.words, options.parameters());
  if (const auto* wrong = std::get_if<std::string>(&asked)) {
    errors << fmt::format("sessiongate ctl: {}; see sessiongate ctl --help\n", *wrong);
    return wrong_usage;
  }
  try {
    const auto token = read_token(options, env);
    asio::io_context context(1);
    auto connection = connect(context, options);
    return exchange(connection, make_request(std::get<ctl_request>(asked), options, token), options, out, errors);
  } catch (const boost::system::system_error& failed) {
    const auto& place = options.socket_path.empty() ? options.url : options.socket_path;
    errors << fmt::format("sessiongate ctl: {}: {}\n", place, failed.code().message());
    return not_reached;
  } catch (const std::exception& failed) {
    errors << fmt::format("sessiongate ctl: {}\n", failed.what());
    return wrong_usage;
  }
}

}  // namespace sessiongate::proxy
