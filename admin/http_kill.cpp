#include "admin/http_kill.hpp"

#include "admin/http_query.hpp"
#include "admin/process_table.hpp"
#include "admin/query_parser.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace sessiongate::admin {

namespace {

using json = nlohmann::json;

http_answer bad_request(std::string detail) {
  return make_problem(400, std::move(detail));
}

http_answer has_to_be(std::string_view name, std::string_view what) {
  return bad_request(std::string(name) + " has to be " + std::string(what));
}

/// Discarded when it is no JSON, or when a name stands twice in an object: half of a predicate must not be lost.
json parse_body(const std::string& body) {
  std::vector<std::set<std::string>> open;
  bool is_repeated = false;
  const auto look = [&](int /*depth*/, json::parse_event_t event, const json& parsed) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second) is_repeated = true;
    return true;
  };
  auto read = json::parse(body, look, false);
  return is_repeated ? json(json::value_t::discarded) : read;
}

/// Its body says whom to hit.
bool chooses(const command_entry& entry) {
  return entry.takes("predicate");
}

bool is_about_manner(std::string_view name) {
  return name == "reason" || name == "after" || name == "timeout";
}

std::optional<literal> to_literal(const json& value) {
  if (value.is_string()) return literal{literal_kind::text, value.get<std::string>()};
  if (value.is_boolean()) return literal{literal_kind::number, value.get<bool>() ? "1" : "0"};
  if (value.is_number()) return literal{literal_kind::number, value.dump()};
  return std::nullopt;
}

std::optional<std::vector<literal>> to_literals(const json& values) {
  std::vector<literal> read;
  for (const auto& each : values) {
    auto value = to_literal(each);
    if (!value || read.size() == predicate_size_max) return std::nullopt;
    read.push_back(std::move(*value));
  }
  return read.empty() ? std::nullopt : std::optional(std::move(read));
}

/// Empty: the value is none for the operator.
std::optional<comparison> to_comparison(const std::string& column, comparison_op op, const json& value) {
  comparison test{.column = column, .op = op};
  if (op == comparison_op::is_null) {
    if (!value.is_boolean()) return std::nullopt;
    if (!value.get<bool>()) test.op = comparison_op::is_not_null;
    return test;
  }
  const bool list = op == comparison_op::in || op == comparison_op::not_in;
  if (list != value.is_array()) return std::nullopt;
  auto values = to_literals(list ? value : json::array({value}));
  if (!values) return std::nullopt;
  test.values = std::move(*values);
  return test;
}

http_answer bad_comparison(const std::string& column, std::string_view what, const std::string& op) {
  return bad_request("where: " + column + ' ' + std::string(what) + " '" + op + '\'');
}

/// `{"gt": 300, "lt": 900}`
std::optional<http_answer> take_operators(const std::string& column, const json& operators, predicate& into) {
  for (const auto& [name, value] : operators.items()) {
    const auto op = find_operator(name);
    if (!op) return bad_comparison(column, "has an unknown operator", name);
    auto test = to_comparison(column, *op, value);
    if (!test) return bad_comparison(column, "has no value that can be for", name);
    into.all.push_back(std::move(*test));
  }
  return operators.empty() ? std::optional(bad_request("where: " + column + " has no operator")) : std::nullopt;
}

std::string column_of(const std::string& name, const std::string& value) {
  return std::string(column_for(process_columns(), name, value));
}

std::optional<http_answer> take_where(const json& where, predicate& into) {
  if (!where.is_object()) return has_to_be("where", "an object of columns");
  for (const auto& [column, value] : where.items()) {
    if (into.all.size() >= predicate_size_max) return bad_request("where has too many columns");
    if (value.is_object()) {
      if (auto wrong = take_operators(column, value, into)) return wrong;
      continue;
    }
    const auto op = value.is_null()    ? comparison_op::is_null
                    : value.is_array() ? comparison_op::in
                                       : comparison_op::equal;
    auto test = to_comparison(value.is_string() ? column_of(column, value.get_ref<const std::string&>()) : column, op,
                              value.is_null() ? json(true) : value);
    if (!test) return bad_request("where: " + column + " has no value to compare with");
    into.all.push_back(std::move(*test));
  }
  return std::nullopt;
}

std::optional<http_answer> take_filter(const json& filter, predicate& into) {
  if (!filter.is_string()) return has_to_be("filter", "a text");
  auto read = parse_predicate(filter.get_ref<const std::string&>());
  if (const auto* wrong = std::get_if<failure>(&read)) return bad_request("filter: " + wrong->message);
  std::ranges::move(std::get<predicate>(read).all, std::back_inserter(into.all));
  return std::nullopt;
}

std::optional<http_answer> take_count(std::string_view name, const json& value, std::optional<std::size_t>& into) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0) return has_to_be(name, "a number above 0");
  into = value.get<std::size_t>();
  return std::nullopt;
}

std::optional<http_answer> take_flag(std::string_view name, const json& value, bool& into) {
  if (!value.is_boolean()) return has_to_be(name, "true or false");
  into = value.get<bool>();
  return std::nullopt;
}

std::optional<http_answer> take_manner(const std::string& name, const json& value, kill_manner& into) {
  if (name == "timeout" && value.is_number()) return take_kill_parameter(name, value.dump(), into);
  if (!value.is_string()) return has_to_be(name, name == "timeout" ? "a number of seconds" : "a text");
  return take_kill_parameter(name, value.get_ref<const std::string&>(), into);
}

/// Of a body that says whom to hit; the manner is common to all.
std::optional<http_answer> take_choice(const std::string& name, const json& value, kill_matching& into) {
  if (name == "where") return take_where(value, into.where);
  if (name == "filter") return take_filter(value, into.where);
  if (name == "limit") return take_count(name, value, into.limit);
  if (name == "max") return take_count(name, value, into.max);
  if (name == "dry_run") return take_flag(name, value, into.dry_run);
  if (name == "include_self") return take_flag(name, value, into.include_self);
  const bool known = value == "session" || value == "query";
  into.query = value == "query";
  return known ? std::nullopt : std::optional(has_to_be(name, "session or query"));
}

constexpr std::array<std::string_view, 7> choices{"where", "filter", "limit", "max", "dry_run", "include_self", "mode"};

std::optional<http_answer> take_member(const command_entry& entry, const std::string& name, const json& value,
                                       command_arguments& given) {
  if (chooses(entry) && std::ranges::find(choices, name) != choices.end()) {
    return take_choice(name, value, given.several);
  }
  if (entry.takes("[where]") && name == "where") return take_where(value, given.query.where);
  if (entry.takes("[where]") && name == "filter") return take_filter(value, given.query.where);
  const bool is_manner = chooses(entry) ? is_about_manner(name) : takes_kill_parameter(entry, name);
  return is_manner ? take_manner(name, value, given.how)
                   : std::optional(bad_request("The body has an unknown member '" + name + "'"));
}

}  // namespace

bool takes_kill_parameter(const command_entry& entry, std::string_view name) {
  if (!entry.takes("[options]") || chooses(entry)) return false;
  const bool may_wait = entry.kind != command_kind::kill_query;
  return name == "reason" || (may_wait && is_about_manner(name));
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
  if (!is_read || (body.empty() && !chooses(entry))) return std::nullopt;
  const auto read = parse_body(body);
  if (!read.is_object()) return bad_request("The body has to be a JSON object, with each name once");
  for (const auto& [name, value] : read.items()) {
    if (auto wrong = take_member(entry, name, value, given)) return wrong;
  }
  const bool is_vague = chooses(entry) && given.several.where.all.empty();
  return is_vague ? std::optional(bad_request("where or filter has to say which sessions")) : std::nullopt;
}

std::optional<http_answer> check_kill(const command_arguments& given) {
  if (!is_consistent(given.how)) return bad_request("timeout is for kills with after: statement or transaction");
  const bool waits = given.several.query && given.how.when != kill_moment::at_once;
  return waits ? std::optional(bad_request("after is for mode session: a query is interrupted at once")) : std::nullopt;
}

}  // namespace sessiongate::admin
