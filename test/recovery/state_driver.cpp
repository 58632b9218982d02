// Drives the reading and rebuilding of a session's state for the integration tests, which have the connections: a line
// with a task in, then statements out and answers in, until the end is told. All in lines of text, bytes as
// hexadecimal.
#include "proxy/snapshot_reading.hpp"
#include "proxy/state_replay.hpp"

#include "session/session_state.hpp"

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>
#include <utility>

using namespace sessiongate;
using nlohmann::json;

namespace {

std::string to_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char c : text) {
    hex += digits[static_cast<std::uint8_t>(c) >> 4U];
    hex += digits[static_cast<std::uint8_t>(c) & 0xFU];
  }
  return hex;
}

protocol::bytes from_hex(std::string_view hex) {
  const auto digit = [](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  protocol::bytes out;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    out.push_back(static_cast<std::uint8_t>(digit(hex[at]) << 4U | digit(hex[at + 1])));
  }
  return out;
}

/// `Q command`, `A packets` … and at the end `E obstacle detail`.
template <class Dialogue>
void converse(Dialogue& dialogue) {
  while (const auto command = dialogue.next()) {
    std::cout << "Q " << to_hex(protocol::as_text(*command)) << std::endl;
    std::string answer;
    if (!std::getline(std::cin, answer)) return;
    dialogue.take(from_hex(std::string_view(answer).substr(2)));
  }
  std::cout << "E " << to_text(dialogue.failure().obstacle) << ' ' << to_hex(dialogue.failure().detail) << std::endl;
}

proxy::tracked_state read_tracked(const json& from) {
  proxy::tracked_state state;
  session::session_state session;
  for (const auto& [name, value] : from.at("changes").get<std::vector<std::pair<std::string, std::string>>>()) {
    if (name.starts_with('@'))
      session.set_user_variables({{name.substr(1), value}}, 4096);
    else if (name == "SET NAMES … COLLATE")
      session.set_names_collation(value);
    else
      session.set_system_variables({{name, value}});
  }
  state.variables = session.variables();
  if (!from.at("database").is_null()) state.database = from.at("database").get<std::string>();
  state.last_insert_id = from.value("last_insert_id", 0);
  state.globals_before =
      std::make_shared<const proxy::global_variables>(from.at("before").get<proxy::global_variables>());
  state.globals_now = std::make_shared<const proxy::global_variables>(from.at("now").get<proxy::global_variables>());
  return state;
}

}  // namespace

int main() {
  proxy::session_snapshot kept;
  for (std::string line; std::getline(std::cin, line);) {
    const auto task = json::parse(line);
    const auto server = proxy::server_version::parse(task.at("server").get<std::string>());
    const auto capabilities = task.at("capabilities").get<protocol::capabilities>();
    const auto size_max = task.value("size_max", std::size_t{64} << 20U);
    if (task.at("do") == "read") {
      const auto texts = task.value("texts", std::vector<std::string>());
      proxy::reading_input input{server, 0, task.value("names", std::vector<std::string>()),
                                 task.value("all_known", false), size_max};
      for (const auto& text : texts) {
        const auto found = proxy::find_hazards(text, true);
        if ((found & proxy::hazard::begins_transaction) != 0) input.seen &= ~proxy::hazard::next_transaction;
        input.seen |= found;
      }
      proxy::snapshot_reading reading(std::move(input), capabilities);
      converse(reading);
      kept = std::move(reading.snapshot());
    } else {
      proxy::wanted_state wanted = kept;
      if (task.at("do") == "rebuild") wanted = read_tracked(task.at("tracked"));
      proxy::state_replay replay(std::move(wanted), server, size_max, capabilities);
      converse(replay);
    }
  }
  return 0;
}
