// bench_load: the client side of the benchmark; bench_load --help.
#include "test/bench/load.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>

int main(int argc, char** argv) {
  using namespace sessiongate::bench;
  const std::map<std::string, void (*)(const load_options&)> modes{{"query", run_queries},
                                                                   {"connect", run_connections},
                                                                   {"result", run_results},
                                                                   {"idle", run_idle},
                                                                   {"listing", run_listings}};
  load_options options;
  std::string mode;
  std::string server;
  CLI::App app("Load for a MySQL proxy in front of bench_backend");
  app.add_option("mode", mode, "query, connect, result, idle or listing (test/bench/load.hpp)")->required();
  app.add_option("server", server, "HOST:PORT, numeric")->required();
  app.add_option("--clients", options.clients, "connections");
  app.add_option("--seconds", options.seconds, "how long");
  app.add_option("--count", options.count, "how many queries of all clients together, instead of --seconds");
  app.add_option("--sql", options.sql, "the statement; ? stands for a number");
  app.add_flag("--prepared", options.prepared, "query: prepare once, then execute");
  const std::map<std::string, encryption> encryptions{
      {"none", encryption::none}, {"asked_for", encryption::asked_for}, {"from_start", encryption::from_start}};
  app.add_option("--tls", options.tls, "query, idle: asked_for, as MySQL has it, or from_start")
      ->transform(CLI::CheckedTransformer(encryptions));
  CLI11_PARSE(app, argc, argv);
  try {
    options.server = parse_address(server);
    raise_descriptor_limit();
    modes.at(mode)(options);
  } catch (const std::out_of_range&) {
    std::fprintf(stderr, "bench_load: no mode %s\n", mode.c_str());
    return EXIT_FAILURE;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_load: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
