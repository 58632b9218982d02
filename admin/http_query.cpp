#include "admin/http_query.hpp"

#include "admin/http_kill.hpp"
#include "admin/listing.hpp"
#include "admin/query_parser.hpp"
#include "admin/session_detail.hpp"
#include "admin/syntax.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sessiongate::admin {

namespace {

constexpr std::array<std::pair<std::string_view, comparison_op>, 10> suffixes{{
    {"_not_like", comparison_op::not_like},
    {"_not_in", comparison_op::not_in},
    {"_is_null", comparison_op::is_null},
    {"_like", comparison_op::like},
    {"_in", comparison_op::in},
    {"_ne", comparison_op::not_equal},
    {"_lt", comparison_op::less},
    {"_le", comparison_op::less_equal},
    {"_gt", comparison_op::greater},
    {"_ge", comparison_op::greater_equal},
}};

http_answer bad_request(std::string detail) {
  return make_problem(400, std::move(detail));
}

http_answer unknown_parameter(std::string_view name) {
  return bad_request("This path has no query parameter '" + std::string(name) + "'");
}

std::optional<http_answer> take_count(std::string_view name, std::string_view value, std::size_t& into) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), into);
  if (error == std::errc() && end == value.data() + value.size()) return std::nullopt;
  return bad_request(std::string(name) + " is no number");
}

std::optional<bool> to_flag(std::string_view value) {
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  return std::nullopt;
}

/// `-since,user`
std::vector<sort_key> parse_sort(std::string_view value) {
  std::vector<sort_key> keys;
  for (auto part : split(value, ',')) {
    const bool descending = part.starts_with('-');
    if (descending) part.remove_prefix(1);
    keys.push_back({std::string(part), descending});
  }
  return keys;
}

/// An address without a port: IPv6 with one is in brackets.
bool has_no_port(std::string_view host) {
  return !host.starts_with('[') && std::ranges::count(host, ':') != 1;
}

std::vector<literal> texts(std::span<const std::string_view> parts) {
  std::vector<literal> values;
  for (const auto part : parts) values.push_back({literal_kind::text, std::string(part)});
  return values;
}

/// `name` is a column's, with or without one of the suffixes.
std::optional<comparison> to_comparison(std::span<const column> columns, std::string_view name,
                                        std::string_view value) {
  name = column_for(columns, name, value);
  auto at = find_column(columns, name);
  if (at < columns.size()) {
    const bool null = value.empty() && !columns[at].sql_null.empty();
    if (null) return comparison{std::string(name), comparison_op::is_null, {}};
    return comparison{std::string(name), comparison_op::equal, texts({{value}})};
  }
  const auto* const suffix =
      std::ranges::find_if(suffixes, [&](const auto& each) { return name.ends_with(each.first); });
  if (suffix == suffixes.end()) return std::nullopt;
  name.remove_suffix(suffix->first.size());
  if (find_column(columns, name) == columns.size()) return std::nullopt;
  comparison test{.column = std::string(name), .op = suffix->second};
  if (test.op == comparison_op::is_null) {
    const auto flag = to_flag(value);
    if (!flag) return std::nullopt;
    if (!*flag) test.op = comparison_op::is_not_null;
    return test;
  }
  const bool list = test.op == comparison_op::in || test.op == comparison_op::not_in;
  test.values = list ? texts(split(value, ',')) : texts({{value}});
  return test;
}

std::optional<http_answer> take_shape(std::string_view name, std::string_view value, table_query& query) {
  if (name == "sort") {
    query.order = parse_sort(value);
    return std::nullopt;
  }
  return take_count(name, value, name == "limit" ? query.limit.emplace(0) : query.offset);
}

std::optional<http_answer> take_filter(std::string_view value, table_query& query) {
  auto read = parse_predicate(value);
  if (const auto* wrong = std::get_if<failure>(&read)) return bad_request("filter: " + wrong->message);
  std::ranges::move(std::get<predicate>(read).all, std::back_inserter(query.where.all));
  return std::nullopt;
}

std::optional<http_answer> take_parameter(const command_entry& entry, const std::string& name, std::string& value,
                                          command_arguments& given) {
  const auto columns = columns_of(entry);
  const bool is_rows = entry.path.find("{id}") == std::string_view::npos || entry.name != "show_session";
  if (name == "full" && (entry.takes("[FULL]") || entry.takes("[ALL]"))) {
    const auto flag = to_flag(value);
    if (!flag) return bad_request("full is true or false");
    given.full = *flag;
    return std::nullopt;
  }
  if (takes_kill_parameter(entry, name)) return take_kill_parameter(name, value, given.how);
  if (name == "filter" && entry.takes("[where]")) return take_filter(value, given.query);
  if (!entry.takes("[filter]")) return unknown_parameter(name);
  if (is_rows && (name == "sort" || name == "limit" || name == "offset")) return take_shape(name, value, given.query);
  if (name == "filter") return take_filter(value, given.query);
  if (name == "like") {
    given.query.where.all.push_back(
        {std::string(like_column_of(entry)), comparison_op::like, {{literal_kind::text, std::move(value)}}});
    return std::nullopt;
  }
  auto test = to_comparison(columns, name, value);
  if (!test) return unknown_parameter(name);
  given.query.where.all.push_back(std::move(*test));
  return std::nullopt;
}

}  // namespace

std::variant<query_parameters, http_answer> parse_parameters(std::string_view query) {
  query_parameters parameters;
  if (query.empty()) return parameters;
  for (const auto part : split(query, '&')) {
    const auto equals = part.find('=');
    const bool has_value = equals != std::string_view::npos;
    auto name = decode_percent(part.substr(0, equals));
    auto value = has_value ? decode_percent(part.substr(equals + 1)) : std::string();
    if (!name || !value) return bad_request("The query is not well percent-encoded");
    if (std::ranges::find(parameters, *name, &query_parameters::value_type::first) != parameters.end()) {
      return bad_request("Query parameter '" + *name + "' is given twice");
    }
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

std::optional<http_answer> take_parameters(const command_entry& entry, query_parameters parameters,
                                           command_arguments& given) {
  for (auto& [name, value] : parameters) {
    if (auto wrong = take_parameter(entry, name, value, given)) return wrong;
  }
  return std::nullopt;
}

std::string_view column_for(std::span<const column> columns, std::string_view name, std::string_view value) {
  const bool is_address = name == "host" && has_no_port(value) && find_column(columns, "address") < columns.size();
  return is_address ? "address" : name;
}

std::optional<comparison_op> find_operator(std::string_view name) {
  if (name == "eq") return comparison_op::equal;
  const auto* const found =
      std::ranges::find_if(suffixes, [&](const auto& each) { return each.first.substr(1) == name; });
  return found == suffixes.end() ? std::nullopt : std::optional(found->second);
}

std::span<const column> columns_of(const command_entry& entry) {
  const auto made = entry.make({});
  if (const auto* list = std::get_if<show_table>(&made)) return find_listing(list->what).columns;
  return std::holds_alternative<show_session>(made) ? attribute_columns() : std::span<const column>();
}

std::optional<std::string> decode_percent(std::string_view text, plus means) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at] == '+' && means == plus::blank ? ' ' : text[at];
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

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(mark);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace sessiongate::admin
