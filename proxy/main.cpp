// sessiongate: a MySQL-protocol proxy that puts session control first.
//
//   sessiongate ctl ctl.hpp: a client of the admin API in the same binary
//   configuration   config.hpp, settings.hpp
//   the proxy       server.hpp: workers, listener, admin thread, signals
//   a session       client_connection.hpp: login.hpp, then relay.hpp or proxysys.hpp
//   commands        admin_conversation.hpp (SQL) and admin/http_server.hpp (HTTP), both into admin/execute.hpp
#include "proxy/config.hpp"
#include "proxy/ctl.hpp"
#include "proxy/log.hpp"
#include "proxy/process_secrecy.hpp"
#include "proxy/secret.hpp"
#include "proxy/server.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

int main(int argc, char** argv) {
  using namespace sessiongate::proxy;
  const auto env = [](const char* name) { return std::getenv(name); };
  if (argc > 1 && std::string_view(argv[1]) == "ctl") return run_ctl(argc - 1, argv + 1, env, std::cout, std::cerr);
  open_secret_memory();
  const auto asked = read_configuration(argc, argv, env);
  if (asked.next == invocation::action::exit) {
    (asked.exit_code == 0 ? std::cout : std::cerr) << asked.output;
    return asked.exit_code;
  }
  wipe_secret_variables(asked.settings);
  open_log(asked.settings.log_level, asked.settings.format);
  hide_memory(asked.settings);
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
