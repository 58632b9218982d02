// Client sessions without a proxy: what they publish is set by the test, and stopping them calls what the test says.
#pragma once

#include "session/registry.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace sessiongate::admin::test {

struct fake_options {
  std::uint32_t cs_id = session::cs_id_min + 1;
  std::string user = "root";
  std::string tenant = "sys";
  std::string cluster = "obdemo";
  std::string database{};
  session::endpoint client{"10.0.0.7", 63882};
};

class fake_session : public session::client_session {
 public:
  explicit fake_session(const fake_options& with)
      : client_session({with.cs_id, session::proxy_sessid_min + (with.cs_id - session::cs_id_min)}, with.client, 4711,
                       "default") {
    publish_identity({.user = with.user, .tenant = with.tenant, .cluster = with.cluster, .attributes = {}});
    publish_database(with.database);
    publish_state(session::client_session_state::active_reader);
  }

  using client_session::add_server_session;
  using client_session::publish_in_transaction;
  using client_session::publish_running;
  using client_session::publish_state;
  using client_session::publish_using_ssl;
  using client_session::remove_server_session;

  std::shared_ptr<session::server_session> add_server(std::uint64_t ss_id, std::uint32_t connection_id,
                                                      session::endpoint backend = {"10.1.0.1", 3306}) {
    auto added =
        std::make_shared<session::server_session>(ss_id, std::make_shared<const session::endpoint>(std::move(backend)),
                                                  session::connection_origin{.connection_id = connection_id});
    add_server_session(added);
    return added;
  }

  /// Everything that it holds, as a worker reports it.
  [[nodiscard]] session::stop_report report() const {
    session::stop_report all{.found = true, .server_sessions = {}};
    for (const auto& each : server_sessions()) all.server_sessions.push_back({each, each->running()});
    return all;
  }

  void stop(session::stop_request why, session::stop_handler done) override {
    stopped_because = why;
    on_stop(std::move(done));
  }

  void end_server_session(std::uint64_t ss_id, session::stop_request why, session::stop_handler done) override {
    stopped_because = why;
    ended_ss_id = ss_id;
    on_stop(std::move(done));
  }

  void stop_gently(session::gentle_stop how, session::stop_handler done) override {
    marked = std::move(how);
    on_mark(std::move(done));
  }

  void withdraw_stop(session::stop_mark mark) override { withdrawn = mark; }

  std::function<void(session::stop_handler)> on_mark = [this](const session::stop_handler& done) { done(report()); };
  session::gentle_stop marked;
  session::stop_mark withdrawn = 0;
  std::function<void(session::stop_handler)> on_stop = [this](const session::stop_handler& done) { done(report()); };
  session::stop_request stopped_because;
  std::uint64_t ended_ss_id = 0;
};

inline std::shared_ptr<fake_session> make_fake(const fake_options& with = {}) {
  return std::make_shared<fake_session>(with);
}

}  // namespace sessiongate::admin::test
