#include "admin/http_api.hpp"

#include "admin/sql_parser.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace sessiongate::admin {

namespace {

namespace http = boost::beast::http;

using query_parameters = std::vector<std::pair<std::string, std::string>>;

/// `verb` without HEAD's difference from GET.
http::verb method_of(const http_request& request) {
  return request.method() == http::verb::head ? http::verb::get : request.method();
}

std::string_view to_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(mark);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

http_answer wrong_method(std::string allow) {
  auto answer = make_problem(405, "This path takes " + allow);
  answer.allow = std::move(allow);
  return answer;
}

http_answer not_found() {
  return make_problem(404, "There is nothing at this path");
}

/// Takes as long for a wrong token as for the right one, whichever of its bytes differ.
bool equals_in_constant_time(std::string_view given, std::string_view expected) {
  unsigned difference = given.size() == expected.size() ? 0U : 1U;
  for (std::size_t at = 0; at < expected.size(); ++at) {
    const char other = at < given.size() ? given[at] : '\0';
    difference |= static_cast<unsigned char>(expected[at]) ^ static_cast<unsigned>(static_cast<unsigned char>(other));
  }
  return difference == 0;
}

/// The reason why the request may not act. Empty: it may.
std::optional<http_answer> refuse_unauthorized(const http_request& request, std::string_view token) {
  if (token.empty()) return make_problem(401, "No token is configured: the session API is closed until one is");
  constexpr std::string_view scheme = "Bearer ";
  const auto credentials = to_view(request[http::field::authorization]);
  if (credentials.empty()) return make_problem(401, "A bearer token is needed");
  const bool bearer = boost::beast::iequals(credentials.substr(0, scheme.size()), scheme);
  if (bearer && equals_in_constant_time(credentials.substr(scheme.size()), token)) return std::nullopt;
  return make_problem(401, "The token is not the configured one");
}

/// What comes behind the `?`. A repeated name is refused: which of its values was meant cannot be known.
std::variant<query_parameters, http_answer> parse_query(std::string_view query) {
  query_parameters parameters;
  if (query.empty()) return parameters;
  for (const auto part : split(query, '&')) {
    const auto equals = part.find('=');
    const bool has_value = equals != std::string_view::npos;
    auto name = decode_percent(part.substr(0, equals));
    auto value = has_value ? decode_percent(part.substr(equals + 1)) : std::string();
    if (!name || !value) return make_problem(400, "The query is not well percent-encoded");
    if (std::ranges::find(parameters, *name, &query_parameters::value_type::first) != parameters.end()) {
      return make_problem(400, "Query parameter '" + *name + "' is given twice");
    }
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

http_answer unknown_parameter(const std::string& name) {
  return make_problem(400, "This path has no query parameter '" + name + "'");
}

http_route route_list(const http_request& request, query_parameters parameters) {
  if (method_of(request) != http::verb::get) return wrong_method("GET, HEAD");
  show_sessions filters;
  const std::array<std::pair<std::string_view, std::optional<std::string>*>, 6> texts{{{"user", &filters.user},
                                                                                       {"tenant", &filters.tenant},
                                                                                       {"cluster", &filters.cluster},
                                                                                       {"db", &filters.database},
                                                                                       {"host", &filters.host},
                                                                                       {"state", &filters.state}}};
  for (auto& [name, value] : parameters) {
    const auto* const known = std::ranges::find(texts, name, [](const auto& each) { return each.first; });
    if (known != texts.end()) {
      *known->second = std::move(value);
    } else if (name == "limit") {
      std::size_t limit = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), limit);
      if (error != std::errc() || end != value.data() + value.size()) return make_problem(400, "limit is no number");
      filters.limit = limit;
    } else {
      return unknown_parameter(name);
    }
  }
  return filters;
}

http_route route_detail(std::uint64_t id, query_parameters parameters) {
  show_session what{.id = id, .like = std::nullopt};
  for (auto& [name, value] : parameters) {
    if (name != "like") return unknown_parameter(name);
    what.like = std::move(value);
  }
  return what;
}

/// `path` is what follows /v1/sessions/.
http_route route_session(const http_request& request, std::string_view path, query_parameters parameters) {
  const auto parts = split(path, '/');
  const bool whole = parts.size() == 1;
  const bool query = parts.size() == 2 && parts[1] == "kill-query";
  const bool server = parts.size() == 3 && parts[1] == "server-sessions";
  if (!whole && !query && !server) return not_found();

  const auto id = parse_id(parts.front());
  if (!id) return make_problem(400, "The path has no session id: a decimal number is needed");
  const auto method = method_of(request);
  if (whole && method == http::verb::get) return route_detail(*id, std::move(parameters));
  if (method != (query ? http::verb::post : http::verb::delete_)) {
    return wrong_method(whole ? "GET, HEAD, DELETE" : query ? "POST" : "DELETE");
  }
  if (!parameters.empty()) return unknown_parameter(parameters.front().first);
  if (whole) return kill_session{.id = *id};
  if (query) return kill_query{.id = *id};
  const auto ss_id = parse_id(parts[2]);
  if (!ss_id) return make_problem(400, "The path has no ss_id: a decimal number is needed");
  return kill_server_session{.id = *id, .ss_id = *ss_id};
}

std::optional<open_page> find_open_page(std::string_view path) {
  if (path == "/healthz") return open_page::health;
  if (path == "/readyz") return open_page::readiness;
  if (path == "/metrics") return open_page::metrics;
  return std::nullopt;
}

}  // namespace

http_route route_request(const http_request& request, std::string_view token) {
  const auto target = to_view(request.target());
  const auto query_at = target.find('?');
  const auto path = target.substr(0, query_at);
  if (const auto page = find_open_page(path)) {
    return method_of(request) == http::verb::get ? http_route(*page) : http_route(wrong_method("GET, HEAD"));
  }
  constexpr std::string_view list = "/v1/sessions";
  const bool below = path.starts_with(list) && path.substr(list.size()).starts_with('/');
  if (path != list && !below) return not_found();
  if (auto refusal = refuse_unauthorized(request, token)) return std::move(*refusal);

  auto query = parse_query(query_at == std::string_view::npos ? std::string_view() : target.substr(query_at + 1));
  if (auto* error = std::get_if<http_answer>(&query)) return std::move(*error);
  auto& parameters = std::get<query_parameters>(query);
  if (!below) return route_list(request, std::move(parameters));
  return route_session(request, path.substr(list.size() + 1), std::move(parameters));
}

std::optional<std::string> decode_percent(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at] == '+' ? ' ' : text[at];
      continue;
    }
    const auto digits = text.substr(at + 1, 2);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
    decoded += static_cast<char>(value);
    at += 2;
  }
  return decoded;
}

http_response make_text_response(const http_request& request, unsigned status, std::string_view content_type,
                                 std::string body) {
  http_response response(static_cast<http::status>(status), request.version());
  response.set(http::field::server, "sessiongate");
  response.set(http::field::content_type, {content_type.data(), content_type.size()});
  response.set(http::field::cache_control, "no-store");
  response.keep_alive(request.keep_alive());
  response.content_length(body.size());
  if (request.method() != http::verb::head) response.body() = std::move(body);
  return response;
}

http_response make_response(const http_request& request, const http_answer& answer) {
  // Names come from clients and need not be UTF-8: what is not is replaced, for dump() would throw.
  auto body = answer.body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  const auto* const type = answer.problem ? "application/problem+json" : "application/json";
  auto response = make_text_response(request, answer.status, type, std::move(body));
  if (answer.status == 401) response.set(http::field::www_authenticate, "Bearer");
  if (!answer.allow.empty()) response.set(http::field::allow, answer.allow);
  return response;
}

}  // namespace sessiongate::admin
