#include "session/ids.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <set>
#include <thread>
#include <vector>

using namespace sessiongate::session;

namespace {

void check_form(const client_session_ids& ids) {
  CHECK(ids.cs_id >= cs_id_min);
  CHECK(ids.cs_id <= static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max()));
  CHECK(ids.proxy_sessid >= proxy_sessid_min);
  CHECK(ids.proxy_sessid <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  CHECK(is_proxy_sessid(ids.proxy_sessid));
  CHECK(cs_id_of(ids.proxy_sessid) == ids.cs_id);
}

}  // namespace

TEST_CASE("ids are positive in signed clients and far above what a server counts up from") {
  constexpr std::uint64_t all_bits = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t start : {std::uint64_t{0}, std::uint64_t{cs_id_min} - 1, proxy_sessid_min - 1, all_bits}) {
    INFO(start);
    check_form(id_source(start).next_client_session());
  }
}

TEST_CASE("the first ids from a known start") {
  id_source source(5);
  const auto first = source.next_client_session();
  CHECK(first.cs_id == (1U << 30U) + 5);
  CHECK(first.proxy_sessid == (1ULL << 62U) + 5);
  CHECK(source.next_client_session().cs_id == first.cs_id + 1);
}

TEST_CASE("a cs_id wraps at the end of its 30 bits, and the proxy_sessid goes on") {
  id_source source((std::uint64_t{3} << 30U) + cs_id_min - 1);
  const auto last = source.next_client_session();
  const auto next = source.next_client_session();
  CHECK(last.cs_id == 2 * cs_id_min - 1);
  CHECK(next.cs_id == cs_id_min);
  CHECK(next.proxy_sessid == last.proxy_sessid + 1);
  check_form(next);
}

TEST_CASE("a proxy_sessid wraps at the end of its 62 bits") {
  id_source source(proxy_sessid_min - 1);
  CHECK(source.next_client_session().proxy_sessid == 2 * proxy_sessid_min - 1);
  const auto next = source.next_client_session();
  CHECK(next.proxy_sessid == proxy_sessid_min);
  check_form(next);
}

TEST_CASE("what is a proxy_sessid") {
  CHECK_FALSE(is_proxy_sessid(0));
  CHECK_FALSE(is_proxy_sessid(cs_id_min));
  CHECK_FALSE(is_proxy_sessid(proxy_sessid_min - 1));
  CHECK(is_proxy_sessid(proxy_sessid_min));
  CHECK(is_proxy_sessid(2 * proxy_sessid_min - 1));
  CHECK_FALSE(is_proxy_sessid(2 * proxy_sessid_min));
}

TEST_CASE("two sources start at different ids") {
  CHECK(id_source().next_client_session().proxy_sessid != id_source().next_client_session().proxy_sessid);
}

TEST_CASE("server session ids count from 1") {
  id_source source;
  CHECK(source.next_server_session() == 1);
  CHECK(source.next_server_session() == 2);
}

TEST_CASE("threads that share a source never get the same id") {
  constexpr std::size_t thread_count = 4;
  constexpr std::size_t ids_each = 5000;
  id_source source;
  std::vector<std::vector<client_session_ids>> clients(thread_count);
  std::vector<std::vector<std::uint64_t>> servers(thread_count);
  std::vector<std::thread> threads;
  for (std::size_t at = 0; at < thread_count; ++at) {
    threads.emplace_back([&source, &mine = clients[at], &my_servers = servers[at]] {
      for (std::size_t count = 0; count < ids_each; ++count) {
        mine.push_back(source.next_client_session());
        my_servers.push_back(source.next_server_session());
      }
    });
  }
  for (auto& each : threads) each.join();

  std::set<std::uint32_t> cs_ids;
  std::set<std::uint64_t> proxy_sessids;
  std::set<std::uint64_t> ss_ids;
  for (std::size_t at = 0; at < thread_count; ++at) {
    for (const auto& each : clients[at]) {
      cs_ids.insert(each.cs_id);
      proxy_sessids.insert(each.proxy_sessid);
    }
    ss_ids.insert(servers[at].begin(), servers[at].end());
  }
  CHECK(cs_ids.size() == thread_count * ids_each);
  CHECK(proxy_sessids.size() == thread_count * ids_each);
  CHECK(ss_ids.size() == thread_count * ids_each);
}
