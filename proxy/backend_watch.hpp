// Looks after every backend from the proxy's start on: where its name leads, and what it greets with. Made, started and
// stopped on the admin thread; names are resolved there, greetings are learned on a worker.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/worker.hpp"

#include <boost/asio/steady_timer.hpp>

#include <list>

namespace sessiongate::proxy {

class backend_watch {
 public:
  backend_watch(gateway& shared, worker& home) : shared_(shared), home_(home) {}

  void start();
  void stop();

 private:
  awaitable<void> learn_greeting(cluster& owner, backend_ptr target);
  awaitable<void> resolve(cluster& owner, backend_ptr target, boost::asio::steady_timer& pause);

  gateway& shared_;
  worker& home_;
  std::list<boost::asio::steady_timer> pauses_;  // of resolve(), one for each name
};

}  // namespace sessiongate::proxy
