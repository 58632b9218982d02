#include "session/tracked_variables.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sessiongate::session {

namespace {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool precedes(std::string_view left, std::string_view right) {
  return std::ranges::lexicographical_compare(left, right, {}, to_lower, to_lower);
}

template <class Variables>
auto find_place(Variables& all, std::string_view name) {
  return std::ranges::lower_bound(all, name, precedes, &tracked_variable::name);
}

template <class Variables, class Place>
bool is_at(const Variables& all, Place place, std::string_view name) {
  return place != all.end() && !precedes(name, place->name);
}

}  // namespace

const tracked_snapshot& no_variables() {
  static const tracked_snapshot none = std::make_shared<const tracked_variables>();
  return none;
}

const tracked_variable* find_variable(const std::vector<tracked_variable>& all, std::string_view name) {
  const auto place = find_place(all, name);
  return is_at(all, place, name) ? &*place : nullptr;
}

bool put_variable(std::vector<tracked_variable>& all, tracked_variable next, std::size_t limit) {
  if (next.value.size() > tracked_variable::value_size_max) next.known = tracked_variable::knowledge::too_long;
  if (next.known != tracked_variable::knowledge::known) std::string().swap(next.value);
  const auto place = find_place(all, next.name);
  if (is_at(all, place, next.name)) {
    *place = std::move(next);
    return true;
  }
  if (all.size() >= limit) return false;
  all.insert(place, std::move(next));
  return true;
}

bool remove_variable(std::vector<tracked_variable>& all, std::string_view name) {
  const auto place = find_place(all, name);
  if (!is_at(all, place, name)) return false;
  all.erase(place);
  return true;
}

bool has_ascii_name(const tracked_variable& variable) {
  return std::ranges::all_of(variable.name, [](unsigned char c) { return c < 0x80; });
}

bool is_hot_variable(std::string_view name) {
  constexpr std::array<std::string_view, 4> hot{"autocommit", "ob_log_level", "ob_query_timeout",
                                                "ob_last_schema_version"};
  return std::ranges::any_of(hot,
                             [name](std::string_view each) { return std::ranges::equal(name, each, {}, to_lower); });
}

}  // namespace sessiongate::session
