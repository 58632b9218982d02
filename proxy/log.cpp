#include "proxy/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>

namespace sessiongate::proxy {

namespace {

constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info", "warning", "error"};
constexpr std::size_t waiting_lines_max = 8192;

// Set by open_log() before any other thread runs, and left alone until all have ended.
std::shared_ptr<spdlog::logger> sink;
std::atomic<log_level> threshold = log_level::info;
log_format line_format = log_format::text;

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), millis);
}

/// A JSON string literal; bytes that are no UTF-8 are replaced.
std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char each) {
    return each > ' ' && each < 0x7F && each != '"' && each != '=' && each != '\\';
  });
}

std::string format_text(log_level level, std::string_view event, std::initializer_list<log_field> fields) {
  auto line = fmt::format("{} {} {}", timestamp(), level_names[static_cast<std::size_t>(level)], event);
  for (const auto& each : fields) {
    fmt::format_to(std::back_inserter(line), " {}={}", each.name,
                   is_plain(each.text) ? each.text : json_string(each.text));
  }
  return line;
}

std::string format_json(log_level level, std::string_view event, std::initializer_list<log_field> fields) {
  auto line = fmt::format(R"({{"time":"{}","level":"{}","event":{})", timestamp(),
                          level_names[static_cast<std::size_t>(level)], json_string(event));
  for (const auto& each : fields) {
    fmt::format_to(std::back_inserter(line), ",{}:{}", json_string(each.name),
                   each.number ? each.text : json_string(each.text));
  }
  return line + "}";
}

}  // namespace

void open_log(std::string_view level, log_format format) {
  set_log_level(level);
  line_format = format;
  spdlog::init_thread_pool(waiting_lines_max, 1);
  sink = std::make_shared<spdlog::async_logger>("sessiongate", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                                spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
  sink->set_pattern("%v");
  sink->set_level(spdlog::level::trace);
}

void close_log() {
  spdlog::shutdown();  // writes what waits and ends the writing thread, which uses the sink until then
  sink.reset();
}

void set_log_level(std::string_view level) {
  threshold = static_cast<log_level>(std::ranges::find(level_names, level) - level_names.begin());
}

bool log_enabled(log_level level) {
  return sink != nullptr && level >= threshold.load(std::memory_order_relaxed);
}

void log_event(log_level level, std::string_view event, std::initializer_list<log_field> fields) {
  if (!log_enabled(level)) return;
  sink->info(line_format == log_format::json ? format_json(level, event, fields) : format_text(level, event, fields));
}

}  // namespace sessiongate::proxy
