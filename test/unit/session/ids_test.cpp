#include "session/ids.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <tuple>
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

namespace {

using namespace std::chrono_literals;

constexpr auto block_size = id_source::block_size;
const id_source::clock::time_point begun{1000h};

std::uint32_t in_block(std::uint32_t block, std::uint32_t place = 0) {
  return cs_id_min + block * block_size + place;
}

}  // namespace

TEST_CASE("ids that come round are left out until their sessions have been gone for the delay") {
  id_source source(std::uint64_t{cs_id_min} - block_size, 1h);  // at the last block
  source.retire(in_block(0, 77), begun);
  source.retire(in_block(1, 5), begun - 30min);
  source.retire(in_block(3), begun - 2h);
  for (std::uint32_t place = 0; place < block_size; ++place) {
    CHECK(source.next_client_session(begun + 1min).cs_id == in_block(16383, place));
  }
  CHECK(source.next_client_session(begun + 1min).cs_id == in_block(2));
  for (std::uint32_t place = 1; place < block_size; ++place) std::ignore = source.next_client_session(begun + 1min);
  CHECK(source.next_client_session(begun + 1min).cs_id == in_block(3));

  id_source later(std::uint64_t{cs_id_min}, 1h);  // at the first block, a round on
  later.retire(in_block(0, 77), begun);
  CHECK(later.next_client_session(begun + 1h - 1ns).cs_id == in_block(1));
  id_source rested(std::uint64_t{cs_id_min}, 1h);
  rested.retire(in_block(0, 77), begun);
  CHECK(rested.next_client_session(begun + 1h).cs_id == in_block(0));
}

TEST_CASE("a session of the last round that ends in the block of now keeps its id for itself") {
  id_source source(10, 1h);
  source.retire(in_block(0, 5), begun);   // behind: it comes again in the next round
  source.retire(in_block(0, 11), begun);  // to come
  source.retire(in_block(0, 12), begun);
  CHECK(source.next_client_session(begun).cs_id == in_block(0, 10));
  CHECK(source.next_client_session(begun).cs_id == in_block(0, 13));
  source.retire(in_block(0, 10), begun);
  CHECK(source.next_client_session(begun).cs_id == in_block(0, 14));
}

TEST_CASE("when every block is too young, the one that has rested the longest is taken") {
  id_source source(std::uint64_t{5} * block_size, 1h);
  for (std::uint32_t block = 0; block < cs_id_min / block_size; ++block) {
    source.retire(in_block(block), begun + std::chrono::seconds(block == 42 ? -60 : 0));
  }
  const auto taken = source.next_client_session(begun);
  CHECK(taken.cs_id == in_block(42));
  CHECK(source.next_client_session(begun).proxy_sessid == taken.proxy_sessid + 1);
}

TEST_CASE("without a delay nothing is left out") {
  id_source source(10, 0s);
  source.retire(in_block(0, 11), begun);
  CHECK(source.next_client_session(begun).cs_id == in_block(0, 10));
  CHECK(source.next_client_session(begun).cs_id == in_block(0, 11));
}

TEST_CASE("no id is given again within the delay, whatever ends when") {
  constexpr auto delay = 100s;
  id_source source(std::uint64_t{cs_id_min} - 3 * block_size, delay);
  std::mt19937 random(4711);
  std::map<std::uint32_t, id_source::clock::time_point> ended;  // sessions of the last round, and of this one
  std::vector<std::uint32_t> live;
  for (std::uint32_t each = 0; each < 20000; ++each) live.push_back(in_block(each % 6, random() % block_size));
  auto now = begun;
  for (int turn = 0; turn < 300000; ++turn) {
    now += 1ms;
    if (random() % 4 == 0 && !live.empty()) {
      const auto gone = random() % live.size();
      source.retire(live[gone], now);
      ended[live[gone]] = now;
      live[gone] = live.back();
      live.pop_back();
    }
    const auto taken = source.next_client_session(now).cs_id;
    if (const auto before = ended.find(taken); before != ended.end()) REQUIRE(now - before->second >= delay);
    if (random() % 8 == 0) live.push_back(taken);
  }
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
