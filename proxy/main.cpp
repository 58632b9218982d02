// sessiongate: a MySQL-protocol proxy that puts session control first.
//
//   configuration   config.hpp, settings.hpp
//   the proxy       server.hpp: workers, listener, admin thread, signals
//   a session       client_connection.hpp: login.hpp, then relay.hpp or proxysys.hpp
//   commands        admin_conversation.hpp (SQL) and admin/http_server.hpp (HTTP), both into admin/execute.hpp
#include "proxy/config.hpp"
#include "proxy/log.hpp"
#include "proxy/server.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>

int main(int argc, char** argv) {
  using namespace sessiongate::proxy;
  const auto asked = read_configuration(argc, argv, [](const char* name) { return std::getenv(name); });
  if (asked.next == invocation::action::exit) {
    (asked.exit_code == 0 ? std::cout : std::cerr) << asked.output;
    return asked.exit_code;
  }
  open_log(asked.settings.log_level, asked.settings.format);
  int exit_code = EXIT_SUCCESS;
  try {
    server proxy(asked.settings);
    proxy.run();
  } catch (const std::exception& error) {
    log_event(log_level::error, "not_started", {{"error", error.what()}});
    exit_code = EXIT_FAILURE;
  }
  close_log();
  return exit_code;
}
