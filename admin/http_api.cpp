#include "admin/http_api.hpp"

#include "admin/breather.hpp"
#include "admin/http_kill.hpp"
#include "admin/http_query.hpp"
#include "admin/openapi.hpp"
#include "admin/sql_parser.hpp"
#include "admin/text_render.hpp"

#include <boost/beast/core/string.hpp>

#include <functional>
#include <utility>

namespace sessiongate::admin {

namespace {

namespace http = boost::beast::http;

/// `verb` without HEAD's difference from GET.
http::verb method_of(const http_request& request) {
  return request.method() == http::verb::head ? http::verb::get : request.method();
}

std::string_view to_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

http_answer wrong_method(std::string allow) {
  auto answer = make_problem(405, "This path takes " + allow);
  answer.allow = std::move(allow);
  return answer;
}

http_answer not_found() {
  return make_problem(404, "There is nothing at this path");
}

/// Reads `path` as `pattern` says. False: it is another path. What cannot be read is told by `wrong`.
bool match_path(std::string_view pattern, std::string_view path, command_arguments& given,
                std::optional<http_answer>& wrong) {
  const auto expected = split(pattern, '/');
  const auto parts = split(path, '/');
  if (expected.size() != parts.size()) return false;
  for (std::size_t at = 0; at < parts.size(); ++at) {
    if (!expected[at].starts_with('{') && expected[at] != parts[at]) return false;
  }
  for (std::size_t at = 0; at < parts.size(); ++at) {
    const auto part = decode_percent(parts[at], plus::itself).value_or("");
    if (expected[at] == "{name}") given.name = part;
    if (expected[at] == "{cluster}") given.cluster = part;
    if (expected[at] == "{backend}") given.backend = part;
    if (expected[at] == "{id}") {
      given.id = parse_session_id(part);
      if (!given.id) wrong = make_problem(400, "The path has no session id: a decimal number is needed");
    } else if (expected[at] == "{ss_id}") {
      const auto ss_id = parse_id(part);
      if (!ss_id) wrong = make_problem(400, "The path has no ss_id: a decimal number is needed");
      given.ss_id = ss_id.value_or(0);
    }
    if (expected[at] == "{number}") {
      const auto number = parse_id(part);
      if (!number) wrong = make_problem(400, "The path has no number: a decimal number is needed");
      given.number = number.value_or(0);
    }
  }
  return true;
}

/// A body of `{"value": …}`.
std::optional<http_answer> take_value(const std::string& body, command_arguments& given) {
  const auto read = nlohmann::json::parse(body, nullptr, false);
  const auto found = read.is_object() ? read.find("value") : read.end();
  const bool usable = found != read.end() && (found->is_string() || found->is_number_integer());
  if (!usable) return make_problem(400, R"(The body has to be {"value": "…"})");
  given.value = found->is_string() ? found->get<std::string>() : found->dump();
  return std::nullopt;
}

http_route route_command(const http_request& request, std::string_view path, query_parameters parameters) {
  const auto method = to_view(http::to_string(method_of(request)));
  std::string allow;
  for (const auto& each : command_table()) {
    command_arguments given;
    std::optional<http_answer> wrong;
    if (!match_path(each.path, path, given, wrong)) continue;
    if (each.method != method) {
      allow += (allow.empty() ? "" : ", ") + std::string(each.method == "GET" ? "GET, HEAD" : each.method);
      continue;
    }
    given.how.when = usual_moment(each);
    if (!wrong) wrong = take_parameters(each, std::move(parameters), given);
    if (!wrong && each.takes(" value")) wrong = take_value(request.body(), given);
    if (!wrong) wrong = take_kill_body(each, request.body(), given);
    if (!wrong) wrong = check_kill(given);
    if (wrong) return std::move(*wrong);
    return each.make(std::move(given));
  }
  return allow.empty() ? not_found() : wrong_method(std::move(allow));
}

std::optional<open_page> find_open_page(std::string_view path) {
  if (path == "/healthz") return open_page::health;
  if (path == "/readyz") return open_page::readiness;
  if (path == "/metrics") return open_page::metrics;
  if (path == "/openapi.json") return open_page::openapi;
  return std::nullopt;
}

}  // namespace

http_route route_request(const http_request& request) {
  const auto target = to_view(request.target());
  const auto query_at = target.find('?');
  const auto path = target.substr(0, query_at);
  if (const auto page = find_open_page(path)) {
    return method_of(request) == http::verb::get ? http_route(*page) : http_route(wrong_method("GET, HEAD"));
  }
  if (!path.starts_with("/v1/")) return not_found();
  auto query = parse_parameters(query_at == std::string_view::npos ? std::string_view() : target.substr(query_at + 1));
  if (auto* error = std::get_if<http_answer>(&query)) return std::move(*error);
  return route_command(request, path, std::get<query_parameters>(std::move(query)));
}

namespace {

/// Names come from clients and need not be UTF-8: what is not is replaced, for dump() would throw otherwise.
std::string to_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// The rows of a listing one by one.
std::string to_text_with_pauses(const nlohmann::ordered_json& value) {
  if (!value.is_array()) return to_text(value);
  std::string text;
  breather pause;
  for (const auto& each : value) {
    text += (text.empty() ? '[' : ',') + to_text(each);
    pause.step();
  }
  return text.empty() ? "[]" : text + ']';
}

std::string to_body(const http_answer& answer) {
  std::string text;
  for (const auto& [name, value] : answer.body.items()) {
    text += (text.empty() ? '{' : ',') + to_text(name) + ':' + to_text_with_pauses(value);
  }
  return (text.empty() ? "{" : text) + "}\n";
}

/// Whether the caller has a body with this tag already. Tags in a list, and weak ones, count as well.
bool is_known(const http_request& request, std::string_view etag) {
  const auto known = to_view(request[http::field::if_none_match]);
  return known == "*" || known.find(etag) != std::string_view::npos;
}

/// 304 without a body when the caller has it already.
http_response make_tagged_response(const http_request& request, std::string_view content_type, std::string body) {
  const auto etag = '"' + std::to_string(std::hash<std::string>{}(body)) + '"';
  const bool known = is_known(request, etag);
  auto response = make_text_response(request, known ? 304 : 200, content_type, known ? std::string() : std::move(body));
  if (known) response.erase(http::field::content_length);  // it would be the body's
  response.set(http::field::etag, etag);
  response.set(http::field::vary, "Accept, Authorization");
  response.set(http::field::cache_control, "private, no-cache");  // it may be kept, and is asked for again each time
  return response;
}

bool wants_text(const http_request& request) {
  const auto accepted = to_view(request[http::field::accept]);
  return accepted.find("text/plain") != std::string_view::npos &&
         accepted.find("application/json") == std::string_view::npos;
}

}  // namespace

http_response make_result_response(const http_request& request, const result& what) {
  const bool failed = std::holds_alternative<failure>(what);
  const bool reads = request.method() == http::verb::get || request.method() == http::verb::head;
  if (wants_text(request) && !failed) {
    constexpr std::string_view type = "text/plain; charset=utf-8";
    return reads ? make_tagged_response(request, type, render_text(what))
                 : make_text_response(request, 200, type, render_text(what));
  }
  const auto answer = render_json(what);
  return reads && !failed ? make_tagged_response(request, "application/json", to_body(answer))
                          : make_response(request, answer);
}

http_response make_openapi_response(const http_request& request) {
  return make_tagged_response(request, "application/json", openapi_document());
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
  const auto* const type = answer.problem ? "application/problem+json" : "application/json";
  auto response = make_text_response(request, answer.status, type, to_body(answer));
  if (answer.status == 401) response.set(http::field::www_authenticate, "Bearer");
  if (answer.status == 429) response.set(http::field::retry_after, std::to_string(answer.retry_after.count()));
  if (!answer.allow.empty()) response.set(http::field::allow, answer.allow);
  return response;
}

}  // namespace sessiongate::admin
