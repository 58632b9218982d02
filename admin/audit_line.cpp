#include "admin/audit_line.hpp"

#include "admin/json_render.hpp"
#include "admin/kill_table.hpp"
#include "admin/session_table.hpp"

#include <unistd.h>
#include <chrono>
#include <string_view>

namespace sessiongate::admin {

namespace {

using json = nlohmann::ordered_json;

std::string to_line(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

json begin_note(std::string_view event) {
  return {{"event", event}, {"at", format_time(std::chrono::system_clock::now())}, {"pid", ::getpid()}};
}

}  // namespace

std::string audit_line(const kill_record& done) {
  json line{{"event", "kill"}};
  line.update(render_row(kill_columns(), kill_row(done)));
  return to_line(line);
}

std::string audit_started_line() {
  auto line = begin_note("started");
  line["version"] = SESSIONGATE_VERSION;
  return to_line(line);
}

std::string audit_lost_line(std::uint64_t count) {
  auto line = begin_note("lines_lost");
  line["count"] = count;
  return to_line(line);
}

std::string audit_stopped_line(std::uint64_t last) {
  auto line = begin_note("stopped");
  line["last_number"] = last;
  return to_line(line);
}

}  // namespace sessiongate::admin
