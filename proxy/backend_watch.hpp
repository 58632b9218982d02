// Looks after every backend from the proxy's start on: where its name leads, what it greets with, and, where there is a
// control account, how it is. Made, started and stopped on the admin thread; names are resolved and checks are made
// there, greetings are learned on a worker.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/health_check.hpp"
#include "proxy/worker.hpp"

#include <boost/asio/steady_timer.hpp>

#include <list>
#include <memory>

namespace sessiongate::proxy {

class backend_watch {
 public:
  backend_watch(gateway& shared, worker& home, poller& admin) : shared_(shared), home_(home), admin_(admin) {}

  void start();
  void stop();

 private:
  awaitable<void> learn_greeting(cluster& owner, backend_ptr target);
  awaitable<void> resolve(cluster& owner, backend_ptr target, boost::asio::steady_timer& pause);

  gateway& shared_;
  worker& home_;
  poller& admin_;
  std::list<std::shared_ptr<health_check>> checks_;
  std::list<boost::asio::steady_timer> pauses_;  // of resolve(), one for each name
};

}  // namespace sessiongate::proxy
