#include "admin/http_kill.hpp"

#include <nlohmann/json.hpp>

namespace sessiongate::admin {

namespace {

using json = nlohmann::json;

http_answer bad_request(std::string detail) {
  return make_problem(400, std::move(detail));
}

http_answer has_to_be(std::string_view name, std::string_view what) {
  return bad_request(std::string(name) + " has to be " + std::string(what));
}

std::optional<http_answer> take_member(const command_entry& entry, const std::string& name, const json& value,
                                       command_arguments& given) {
  if (!takes_kill_parameter(entry, name)) return bad_request("The body has an unknown member '" + name + "'");
  if (name == "timeout" && value.is_number()) return take_kill_parameter(name, value.dump(), given.how);
  if (!value.is_string()) return has_to_be(name, name == "timeout" ? "a number of seconds" : "a text");
  return take_kill_parameter(name, value.get_ref<const std::string&>(), given.how);
}

}  // namespace

bool takes_kill_parameter(const command_entry& entry, std::string_view name) {
  if (!entry.takes("[options]")) return false;
  const bool may_wait = entry.kind != command_kind::kill_query;
  return name == "reason" || (may_wait && (name == "after" || name == "timeout"));
}

std::optional<http_answer> take_kill_parameter(std::string_view name, std::string_view value, kill_manner& into) {
  if (name == "reason") {
    if (!is_kill_reason(value)) return has_to_be(name, kill_reason_rule);
    into.reason = value;
  } else if (name == "after") {
    const auto when = parse_kill_moment(value);
    if (!when) return has_to_be(name, "statement or transaction");
    into.when = *when;
  } else {
    into.timeout = parse_kill_timeout(value);
    if (!into.timeout) return has_to_be(name, "a number of seconds");
  }
  return std::nullopt;
}

std::optional<http_answer> take_kill_body(const command_entry& entry, const std::string& body,
                                          command_arguments& given) {
  const bool is_read = entry.method == "POST" && entry.takes("[options]");
  if (!is_read || body.empty()) return std::nullopt;
  const auto read = json::parse(body, nullptr, false);
  if (!read.is_object()) return bad_request("The body has to be a JSON object");
  for (const auto& [name, value] : read.items()) {
    if (auto wrong = take_member(entry, name, value, given)) return wrong;
  }
  return std::nullopt;
}

std::optional<http_answer> check_kill(const command_arguments& given) {
  if (is_consistent(given.how)) return std::nullopt;
  return bad_request("timeout is for kills with after=statement or after=transaction");
}

}  // namespace sessiongate::admin
