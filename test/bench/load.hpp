// The modes of bench_load. Each runs to its end and reports (measuring.hpp).
#pragma once

#include "test/bench/client.hpp"
#include "test/bench/sockets.hpp"

#include <cstdint>
#include <string>

namespace sessiongate::bench {

struct load_options {
  address server;
  std::size_t clients = 1;
  double seconds = 3;
  std::uint64_t count = 0;  // queries of all clients together; zero: as many as there is time for
  std::string sql = "SELECT c FROM sbtest1 WHERE id=?";
  bool prepared = false;
  encryption tls = encryption::none;
};

/// Clients with one query each under way, from one thread. A ? in the text stands for a number, another each time.
void run_queries(const load_options& options);
/// Connect, log in, SELECT 1, quit, close, over and over; each client is a thread.
void run_connections(const load_options& options);
/// One client that runs the statement over and over and throws the response away; counts bytes.
void run_results(const load_options& options);
/// Sessions that ran one statement each and wait.
void run_idle(const load_options& options);
/// One client with a query always under way while another one runs the statement `count` times with pauses: what does
/// it cost the first one?
void run_listings(const load_options& options);

}  // namespace sessiongate::bench
