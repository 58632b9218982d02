#include "proxy/guard_rules.hpp"

#include "proxy/setting_values.hpp"

#include "admin/like_pattern.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace sessiongate::proxy {

namespace {

using json = nlohmann::ordered_json;
using optional_text = std::optional<std::string>;

constexpr std::array<std::pair<std::string_view, optional_text guard_rule::*>, 3> labels{
    {{"user", &guard_rule::user}, {"tenant", &guard_rule::tenant}, {"cluster", &guard_rule::cluster}}};

/// As in the configuration file: `max_statement_time`.
std::string key_of(guard which) {
  std::string key(to_text(which));
  std::ranges::replace(key, '-', '_');
  return key;
}

bool fits(const optional_text& pattern, std::string_view text) {
  return !pattern || (pattern->empty() ? text.empty() : admin::matches_like(text, *pattern));
}

/// What is wrong with one member of a rule; empty: nothing.
std::string take_member(guard_rule& into, const std::string& key, const json& value) {
  for (const auto& [name, member] : labels) {
    if (key != name) continue;
    if (!value.is_string()) return fmt::format("\"{}\" must be a text", key);
    into.*member = value.get<std::string>();
    return {};
  }
  for (std::uint8_t at = 0; at < guard_count; ++at) {
    if (key != key_of(static_cast<guard>(at))) continue;
    const bool usable = value.is_string() || value.is_number_unsigned();
    std::chrono::milliseconds limit{0};
    const auto wrong =
        usable ? setting_values::assign_duration(limit, value.is_string() ? value.get<std::string>() : value.dump())
               : std::string("must be a duration: 500ms, 10s or 2m");
    if (!wrong.empty()) return fmt::format("\"{}\" {}", key, wrong);
    into.limits[at] = limit;
    return {};
  }
  return fmt::format("there is no \"{}\" in a rule", key);
}

std::variant<guard_rule, std::string> parse_rule(const json& read) {
  if (!read.is_object()) return "must be a list of objects";
  guard_rule rule;
  for (const auto& [key, value] : read.items()) {
    if (auto wrong = take_member(rule, key, value); !wrong.empty()) return wrong;
  }
  return rule;
}

}  // namespace

std::string_view to_text(guard which) {
  return guard_names[static_cast<std::size_t>(which)];
}

bool guard_rule::matches(const session::identity& who) const {
  return fits(user, who.user) && fits(tenant, who.tenant) && fits(cluster, who.cluster);
}

std::variant<guard_rules, std::string> parse_guard_rules(std::string_view text) {
  guard_rules rules;
  if (text.empty()) return rules;
  const auto read = json::parse(text, nullptr, false);
  if (!read.is_array()) return "must be a JSON list of rules";
  if (read.size() > guard_rules_max) return fmt::format("must be at most {} rules", guard_rules_max);
  for (const auto& each : read) {
    auto rule = parse_rule(each);
    if (const auto* wrong = std::get_if<std::string>(&rule))
      return fmt::format("rule {}: {}", rules.size() + 1, *wrong);
    rules.push_back(std::get<guard_rule>(std::move(rule)));
  }
  return rules;
}

std::string to_text(const guard_rules& rules) {
  if (rules.empty()) return {};
  auto list = json::array();
  for (const auto& each : rules) {
    auto& rule = list.emplace_back(json::object());
    for (const auto& [name, member] : labels) {
      if (each.*member) rule.emplace(name, *(each.*member));
    }
    for (std::uint8_t at = 0; at < guard_count; ++at) {
      if (each.limits[at]) rule.emplace(key_of(static_cast<guard>(at)), fmt::format("{}ms", each.limits[at]->count()));
    }
  }
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

guard_limits limits_of(const session::identity& who, const guard_limits& for_all, const guard_rules& rules) {
  auto limits = for_all;
  const auto rule = std::ranges::find_if(rules, [&](const guard_rule& each) { return each.matches(who); });
  if (rule == rules.end()) return limits;
  for (std::uint8_t at = 0; at < guard_count; ++at) {
    if (rule->limits[at]) limits[static_cast<guard>(at)] = *rule->limits[at];
  }
  return limits;
}

}  // namespace sessiongate::proxy
