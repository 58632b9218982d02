// The registry under load from many threads: what ThreadSanitizer looks at, and what must hold whatever the
// interleaving.
#include "session/recorded_session.hpp"
#include "session/registry.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace sessiongate::session;
using test::recorded_session;

namespace {

constexpr std::size_t working_threads = 4;
constexpr std::chrono::milliseconds duration{1000};
constexpr std::uint32_t connection_ids = 64;  // few, so that they coincide

struct shared_state {
  registry sessions;
  id_source ids;
  std::atomic<bool> done{false};
  std::atomic<std::size_t> lost{0};   // a live, bound session that was not found
  std::atomic<std::size_t> wrong{0};  // a hit that does not have the id
  std::atomic<std::size_t> rounds{0};
  std::atomic<std::size_t> alive{0};
};

bool contains(const std::vector<client_session_ptr>& found, const client_session_ptr& session) {
  for (const auto& each : found) {
    if (each == session) return true;
  }
  return false;
}

/// One worker: sessions come, get a server session, work, and go.
void work(shared_state& shared, std::uint32_t number) {
  for (std::uint32_t round = 0; !shared.done.load(); ++round) {
    const auto mine = std::make_shared<recorded_session>(shared.ids.next_client_session());
    shared.alive.fetch_add(1);
    mine->at_end = [&shared] { shared.alive.fetch_sub(1); };
    if (!shared.sessions.add(mine)) continue;
    const auto connection_id = (number * 7 + round) % connection_ids + 1;
    const auto ss_id = shared.ids.next_server_session();
    if (shared.sessions.bind(connection_id, mine->cs_id())) {
      mine->add_server(ss_id, connection_id);
      mine->publish_identity({.user = "u" + std::to_string(round), .tenant = {}, .cluster = {}, .attributes = {}});
      mine->publish_in_transaction(round % 2 == 0);
      const bool found = contains(shared.sessions.find(connection_id), mine) &&
                         contains(shared.sessions.find(mine->cs_id()), mine) &&
                         contains(shared.sessions.find(mine->proxy_sessid()), mine);
      if (!found) shared.lost.fetch_add(1);
      shared.sessions.unbind(connection_id, mine->cs_id());
      mine->remove_server_session(ss_id);
    }
    shared.sessions.remove(mine->cs_id());
    shared.rounds.fetch_add(1);
  }
}

/// One administrator: lists, reads what is published, and looks up by any id.
void look(shared_state& shared) {
  for (std::uint32_t round = 0; !shared.done.load(); ++round) {
    const auto connection_id = round % connection_ids + 1;
    for (const auto& each : shared.sessions.find(connection_id)) {
      if (each->cs_id() == connection_id) shared.wrong.fetch_add(1);
    }
    for (const auto& each : shared.sessions.list()) {
      const auto who = each->who();
      if (!who->user.empty() && who->user.front() != 'u') shared.wrong.fetch_add(1);
      for (const auto& server : each->server_sessions()) {
        if (server->connection_id() == 0) shared.wrong.fetch_add(1);
      }
      for (const auto& found : shared.sessions.find(each->cs_id())) {
        if (found != each) shared.wrong.fetch_add(1);
      }
    }
  }
}

/// Somebody who takes sessions out of the registry by force, as a kill does on its way.
void kill(shared_state& shared) {
  while (!shared.done.load()) {
    for (const auto& each : shared.sessions.list()) {
      if (each->worker_tid() != 4711) shared.wrong.fetch_add(1);
      std::const_pointer_cast<client_session>(each)->stop({stop_reason::killed, {}}, {});
    }
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("threads that add, bind, list, find and kill leave the registry whole") {
  shared_state shared;
  std::vector<std::thread> threads;
  for (std::uint32_t number = 0; number < working_threads; ++number) {
    threads.emplace_back([&shared, number] { work(shared, number); });
  }
  threads.emplace_back([&shared] { look(shared); });
  threads.emplace_back([&shared] { kill(shared); });
  std::this_thread::sleep_for(duration);
  shared.done.store(true);
  for (auto& each : threads) each.join();

  CHECK(shared.rounds.load() > working_threads);
  CHECK(shared.lost.load() == 0);
  CHECK(shared.wrong.load() == 0);
  CHECK(shared.sessions.size() == 0);
  CHECK(shared.alive.load() == 0);
  for (std::uint32_t id = 1; id <= connection_ids; ++id) CHECK(shared.sessions.find(id).empty());
}

TEST_CASE("of an add and a bind that race for one number at most one succeeds") {
  constexpr std::uint32_t rounds = 2000;
  registry sessions;
  const auto holder = test::make_session(0);
  REQUIRE(sessions.add(holder));
  for (std::uint32_t round = 1; round <= rounds; ++round) {
    const auto session = test::make_session(round);
    const auto number = session->cs_id();
    std::atomic<int> ready{0};
    const auto meet = [&ready] {
      ready.fetch_add(1);
      while (ready.load() < 2) std::this_thread::yield();
    };
    bool bound = false;
    std::thread binder([&] {
      meet();
      bound = sessions.bind(number, holder->cs_id());
    });
    meet();
    const bool added = sessions.add(session);
    binder.join();
    if (added && bound) FAIL("one number means two sessions");
    if (added) sessions.remove(number);
    if (bound) sessions.unbind(number, holder->cs_id());
  }
  CHECK(sessions.size() == 1);
}
