// Client sessions without a proxy: what they publish is set by the test, and nobody stops them.
#pragma once

#include "session/client_session.hpp"
#include "session/registry.hpp"

#include <memory>
#include <string>
#include <utility>

namespace sessiongate::session::test {

class recorded_session : public client_session {
 public:
  explicit recorded_session(client_session_ids ids) : client_session(ids, {"10.0.0.7", 63882}, 4711, "obdemo") {}
  ~recorded_session() override {
    if (at_end) at_end();
  }

  using client_session::add_server_session;
  using client_session::publish_database;
  using client_session::publish_identity;
  using client_session::publish_in_transaction;
  using client_session::publish_running;
  using client_session::publish_state;
  using client_session::publish_using_ssl;
  using client_session::remove_server_session;
  using client_session::tracking;

  void add_server(std::uint64_t ss_id, std::uint32_t connection_id, endpoint backend = {"10.1.0.1", 3306}) {
    add_server_session(std::make_shared<server_session>(ss_id, std::make_shared<const endpoint>(std::move(backend)),
                                                        connection_origin{.connection_id = connection_id}));
  }

  void stop(stop_request /*why*/, stop_handler done) override {
    if (done) done({});
  }
  void end_server_session(std::uint64_t /*ss_id*/, stop_request /*why*/, stop_handler done) override {
    if (done) done({});
  }

  void stop_gently(gentle_stop /*how*/, stop_handler done) override {
    if (done) done({});
  }
  void withdraw_stop(stop_mark /*mark*/) override {}

  std::function<void()> at_end;
};

inline client_session_ids ids_of(std::uint32_t number) {
  return {cs_id_min + number, proxy_sessid_min + (std::uint64_t{7} << 30U) + number};
}

/// The session with this number behind 2^30 as its cs_id.
inline std::shared_ptr<recorded_session> make_session(std::uint32_t number) {
  return std::make_shared<recorded_session>(ids_of(number));
}

}  // namespace sessiongate::session::test
