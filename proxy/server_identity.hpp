// Who a backend is, as it tells a connection of the control account, and whether the thread that a KILL would hit there
// is the one that is meant. Pure functions and a small memory; a connection outlives no restart, so what a server said
// on it stays true for it.
//
// Two things tell. PROCESSLIST shows the port that each thread's connection comes from, and the proxy knows that of its
// own connections: an account that sees all threads is certain. One that does not knows the server by its uuid and by
// when it started: a server that started after a session was made cannot have the session's thread.
#pragma once

#include "protocol/bytes.hpp"
#include "session/server_session.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

struct server_identity {
  using clock = std::chrono::steady_clock;
  std::string name;            // its uuid, or what comes closest to one
  clock::time_point started;   // by this clock, give or take start_tolerance
  bool shows_threads = false;  // of all accounts, with the addresses that their connections really come from
};

/// Servers count their uptime in whole seconds.
inline constexpr std::chrono::seconds start_tolerance{2};

/// What to ask it.
inline constexpr std::array<std::string_view, 4> identity_questions{
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid', 'server_id', 'hostname', 'port')",
    "SHOW GLOBAL STATUS LIKE 'Uptime'", "SHOW GRANTS",
    "SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()"};

/// From the packets that answered them, on a connection that comes from `own`. None: it does not tell.
std::optional<server_identity> read_identity(std::span<const protocol::bytes> answers, std::string_view server_version,
                                             const session::endpoint& own, server_identity::clock::time_point now);

bool is_same_server(const server_identity& one, const server_identity& other);

/// The port in PROCESSLIST's HOST (`10.0.0.1:40102`, `::1:40102`, `app.internal:40102`); 0: none.
std::uint16_t port_of_host(std::string_view host);
/// HOST is where the connection really comes from: no address was translated on the way, and there is a port.
bool is_shown_as(std::string_view host, const session::endpoint& from);

/// The servers that were seen at each address, the last one of each. The admin thread only.
class known_servers {
 public:
  using clock = server_identity::clock;
  /// `seen` answers at `peer` now. Gives since when it has been there at most, as far as is known: since its start, or,
  /// when another server was seen there before, since now.
  clock::time_point learn(const session::endpoint& peer, const server_identity& seen, clock::time_point now);
  /// No other server has been seen at `peer` since.
  [[nodiscard]] bool is_last(const session::endpoint& peer, const server_identity& seen) const;

 private:
  struct entry {
    session::endpoint peer;
    server_identity server;
    clock::time_point there_since;
  };
  [[nodiscard]] const entry* find(const session::endpoint& peer) const;

  std::vector<entry> servers_;  // the one learnt last at the end
};

}  // namespace sessiongate::proxy
