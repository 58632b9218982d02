#include "admin/http_access.hpp"

#include <boost/beast/core/string.hpp>

namespace sessiongate::admin {

namespace {

std::string_view to_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

bool needs_token(const http_request& request) {
  constexpr std::string_view root = "/v1";
  const auto target = to_view(request.target());
  const auto path = target.substr(0, target.find('?'));
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

std::optional<std::string_view> bearer_token(const http_request& request) {
  constexpr std::string_view scheme = "Bearer ";
  const auto credentials = to_view(request[boost::beast::http::field::authorization]);
  const auto given = credentials.substr(0, scheme.size());
  if (!boost::beast::iequals({given.data(), given.size()}, {scheme.data(), scheme.size()})) return std::nullopt;
  return credentials.substr(scheme.size());
}

command_face face_of(const http_request& request) {
  return to_view(request[boost::beast::http::field::user_agent]) == "sessiongate-ctl" ? command_face::ctl
                                                                                      : command_face::http;
}

http_answer no_tokens_configured() {
  return make_problem(401, "No token is configured: the API is closed until one is");
}

http_answer token_missing() {
  return make_problem(401, "A bearer token is needed");
}

http_answer token_wrong() {
  return make_problem(401, "The token is not one of those configured");
}

http_answer too_many_wrong_tokens(std::chrono::seconds retry_after) {
  auto answer = make_problem(429, "Too many wrong tokens came from this address");
  answer.retry_after = retry_after;
  return answer;
}

}  // namespace sessiongate::admin
