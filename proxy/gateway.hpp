// What every worker and the admin thread share. Made by main() before any thread starts, and outlives them all.
#pragma once

#include "proxy/backend.hpp"
#include "proxy/config.hpp"

#include "session/ids.hpp"
#include "session/registry.hpp"

#include <atomic>

namespace sessiongate::proxy {

struct gateway {
  explicit gateway(config read) : settings(std::move(read)), server(*settings.backend) {}

  const config settings;
  session::registry sessions;
  session::id_source ids;
  backend server;
  std::atomic<bool> draining{false};  // sessions end as soon as they are between transactions
};

}  // namespace sessiongate::proxy
