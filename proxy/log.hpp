// The log: one line for each event, with named fields, to standard error. Text (`time level event key=value …`) or
// JSON. Lines are handed to a thread of their own; when that cannot keep up, the oldest waiting lines go: a worker
// never waits. Any thread may log between open_log() and close_log(); before and after, lines are dropped.
#pragma once

#include "proxy/config.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

enum class log_level : std::uint8_t { trace, debug, info, warning, error };

struct log_field {
  std::string_view name;
  std::string text;
  bool number = false;

  log_field(std::string_view field, std::string_view value) : name(field), text(value) {}
  log_field(std::string_view field, const std::string& value) : name(field), text(value) {}
  log_field(std::string_view field, const char* value) : name(field), text(value) {}
  template <std::integral Number>
  log_field(std::string_view field, Number value) : name(field), text(std::to_string(value)), number(true) {}
};

void open_log(std::string_view level, log_format format);
void close_log();
/// Any thread, between the two.
void set_log_level(std::string_view level);

[[nodiscard]] bool log_enabled(log_level level);
void log_event(log_level level, std::string_view event, std::initializer_list<log_field> fields);

}  // namespace sessiongate::proxy
