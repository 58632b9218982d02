#include "session/registry.hpp"

#include <algorithm>
#include <limits>

namespace sessiongate::session {

// add() and bind() each enter their own index first and look into the other one afterwards. Of two that race for the
// same number at least one sees the other and backs out.

bool registry::add(const client_session_ptr& session) {
  const auto id = session->cs_id();
  const bool entered = clients(id).with([&](auto& map) { return map.try_emplace(id, session).second; });
  if (!entered) return false;
  const bool clashes = connections(id).with([&](auto& map) { return map.contains(id); });
  if (clashes) remove(id);
  return !clashes;
}

void registry::remove(std::uint32_t cs_id) {
  const auto removed = clients(cs_id).with([&](auto& map) {
    client_session_ptr out;
    if (const auto at = map.find(cs_id); at != map.end()) {
      out = std::move(at->second);
      map.erase(at);
    }
    return out;
  });
}

bool registry::bind(std::uint32_t connection_id, std::uint32_t cs_id) {
  connections(connection_id).with([&](auto& map) { map[connection_id].push_back(cs_id); });
  const bool clashes = clients(connection_id).with([&](auto& map) { return map.contains(connection_id); });
  if (clashes) unbind(connection_id, cs_id);
  return !clashes;
}

void registry::unbind(std::uint32_t connection_id, std::uint32_t cs_id) {
  connections(connection_id).with([&](auto& map) {
    const auto at = map.find(connection_id);
    if (at == map.end()) return;
    auto& holders = at->second;
    if (const auto holder = std::ranges::find(holders, cs_id); holder != holders.end()) holders.erase(holder);
    if (holders.empty()) map.erase(at);
  });
}

client_session_ptr registry::find_client(std::uint32_t cs_id) const {
  return clients(cs_id).with([&](auto& map) {
    const auto at = map.find(cs_id);
    return at == map.end() ? client_session_ptr() : at->second;
  });
}

std::vector<client_session_ptr> registry::find_holders(std::uint32_t connection_id) const {
  const auto holders = connections(connection_id).with([&](auto& map) {
    const auto at = map.find(connection_id);
    return at == map.end() ? std::vector<std::uint32_t>() : at->second;
  });
  std::vector<client_session_ptr> found;
  for (const auto cs_id : holders) {
    auto session = find_client(cs_id);
    if (session && session->find_connection(connection_id)) found.push_back(std::move(session));
  }
  return found;
}

std::vector<client_session_ptr> registry::find(std::uint64_t id) const {
  if (is_proxy_sessid(id)) {
    auto session = find_client(cs_id_of(id));
    if (session && session->proxy_sessid() == id) return {std::move(session)};
    return {};
  }
  if (id > std::numeric_limits<std::uint32_t>::max()) return {};
  const auto number = static_cast<std::uint32_t>(id);
  if (auto session = find_client(number)) return {std::move(session)};
  return find_holders(number);
}

std::vector<client_session_ptr> registry::list() const {
  std::vector<client_session_ptr> all;
  for (auto& stripe : clients_) {
    stripe.with([&](auto& map) {
      for (const auto& [cs_id, session] : map) all.push_back(session);
    });
  }
  return all;
}

std::size_t registry::size() const {
  std::size_t count = 0;
  for (auto& stripe : clients_) count += stripe.with([](auto& map) { return map.size(); });
  return count;
}

}  // namespace sessiongate::session
