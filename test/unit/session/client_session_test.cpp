#include "session/client_session.hpp"

#include "session/recorded_session.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <set>
#include <thread>

using namespace sessiongate::session;
using test::make_session;

TEST_CASE("a new session shows what is known at accept") {
  const auto before = client_session::clock::now();
  const auto session = make_session(3);
  CHECK(session->cs_id() == cs_id_min + 3);
  CHECK(cs_id_of(session->proxy_sessid()) == session->cs_id());
  CHECK(session->client() == endpoint{"10.0.0.7", 63882});
  CHECK(session->worker_tid() == 4711);
  CHECK(session->accepted_at() >= before);
  CHECK(session->accepted_at() <= client_session::clock::now());
  CHECK(session->state() == client_session_state::init);
  CHECK(session->who()->user.empty());
  CHECK(session->who()->cluster == "obdemo");
  CHECK(session->database()->empty());
  CHECK(session->server_sessions().empty());
  CHECK_FALSE(session->using_ssl());
  CHECK_FALSE(session->in_transaction());
  CHECK_FALSE(session->statement_running());
  CHECK(session->transaction_count() == 0);
}

TEST_CASE("a transaction is counted when it ends") {
  const auto session = make_session(1);
  CHECK_FALSE(session->publish_in_transaction(false));
  CHECK(session->transaction_count() == 0);
  CHECK_FALSE(session->publish_in_transaction(true));
  CHECK_FALSE(session->publish_in_transaction(true));
  CHECK(session->in_transaction());
  CHECK(session->transaction_count() == 0);
  CHECK(session->publish_in_transaction(false));
  CHECK_FALSE(session->publish_in_transaction(false));
  CHECK_FALSE(session->in_transaction());
  CHECK(session->transaction_count() == 1);
  session->publish_in_transaction(true);
  session->publish_in_transaction(false);
  CHECK(session->transaction_count() == 2);
}

TEST_CASE("server sessions come and go, and are found by both of their ids") {
  const auto session = make_session(1);
  session->add_server(16, 901);
  session->add_server(17, 902);
  CHECK(session->server_sessions().size() == 2);
  REQUIRE(session->find_connection(902));
  CHECK(session->find_connection(902)->ss_id() == 17);
  REQUIRE(session->find_server_session(16));
  CHECK(session->find_server_session(16)->connection_id() == 901);
  CHECK_FALSE(session->find_connection(16));
  CHECK_FALSE(session->find_server_session(902));

  session->remove_server_session(16);
  session->remove_server_session(99);
  CHECK_FALSE(session->find_connection(901));
  CHECK_FALSE(session->find_server_session(16));
  REQUIRE(session->server_sessions().size() == 1);
  CHECK(session->server_sessions().front()->ss_id() == 17);
}

TEST_CASE("a list of server sessions stays as it was when the session changes") {
  const auto session = make_session(1);
  session->add_server(16, 901);
  const auto listed = session->server_sessions();
  session->remove_server_session(16);
  REQUIRE(listed.size() == 1);
  CHECK(listed.front()->connection_id() == 901);
}

TEST_CASE("a server session counts its requests and transactions") {
  const auto session = make_session(1);
  session->add_server(16, 901);
  const auto server = session->find_server_session(16);
  CHECK(server->state() == server_session_state::init);
  CHECK_FALSE(server->running());
  server->begin_request();
  CHECK(server->running());
  CHECK(server->request_count() == 1);
  server->end_request();
  CHECK(server->state() == server_session_state::bound_idle);
  CHECK(server->transaction_count() == 0);
  server->count_transaction();
  CHECK(server->transaction_count() == 1);
  CHECK(server->backend() == endpoint{"10.1.0.1", 3306});
}

TEST_CASE("states have the original's names") {
  CHECK(to_text(client_session_state::init) == "MCS_INIT");
  CHECK(to_text(client_session_state::active_reader) == "MCS_ACTIVE_READER");
  CHECK(to_text(client_session_state::closed) == "MCS_CLOSED");
  CHECK(to_text(server_session_state::init) == "MSS_INIT");
  CHECK(to_text(server_session_state::active) == "MSS_ACTIVE");
  CHECK(to_text(server_session_state::bound_idle) == "MSS_KA_CLIENT_SLAVE");
}

TEST_CASE("what the owner publishes is whole for a reader on another thread") {
  constexpr int rounds = 2000;
  const auto session = make_session(1);
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::uint64_t seen = 0;
  std::thread reader([&] {
    bool last = false;
    while (!last) {
      last = done.load();
      const auto who = session->who();
      const bool matches = who->user == who->tenant || who->user.empty();
      const auto transactions = session->transaction_count();
      if (!matches || transactions < seen || session->server_sessions().size() > 1) torn.fetch_add(1);
      seen = transactions;
    }
  });
  for (int round = 0; round < rounds; ++round) {
    const auto name = "a name that needs memory of its own " + std::to_string(round);
    session->publish_identity({.user = name, .tenant = name, .cluster = {}, .attributes = {}});
    session->publish_database(name);
    session->add_server(static_cast<std::uint64_t>(round), 7);
    session->publish_in_transaction(true);
    session->publish_running(true);
    session->publish_in_transaction(false);
    session->publish_running(false);
    session->remove_server_session(static_cast<std::uint64_t>(round));
  }
  session->publish_state(client_session_state::closed);
  session->publish_using_ssl(true);
  done.store(true);
  reader.join();
  CHECK(torn.load() == 0);
  CHECK(seen == rounds);
  CHECK(session->state() == client_session_state::closed);
  CHECK(session->using_ssl());
}
