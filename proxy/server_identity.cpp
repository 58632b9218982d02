#include "proxy/server_identity.hpp"

#include "proxy/account_grants.hpp"
#include "proxy/own_response.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <charconv>

namespace sessiongate::proxy {

namespace {

constexpr std::size_t servers_max = 64;  // a backend's name may resolve to ever new addresses

template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// MySQL has a server_uuid from 5.6 on, MariaDB a server_uid in some versions; else there are the words of its
/// configuration.
std::string name_of(const std::vector<text_row>& variables) {
  std::string words;
  for (const auto& row : variables) {
    if (row.front() == "server_uuid" && !row.back().empty()) return row.back();
    words += row.front() + '=' + row.back() + ' ';
  }
  return words;
}

}  // namespace

std::optional<server_identity> read_identity(std::span<const protocol::bytes> answers, std::string_view server_version,
                                             const session::endpoint& own, server_identity::clock::time_point now) {
  if (answers.size() != identity_questions.size()) return std::nullopt;
  const auto variables = read_rows(answers[0]);
  const auto status = read_rows(answers[1]);
  const auto uptime = status.size() == 1 ? to_number<std::uint32_t>(status.front().back()) : std::nullopt;
  if (variables.empty() || !uptime) return std::nullopt;
  const auto grants = read_grants(answers[2], server_version);
  server_identity told;
  told.name = name_of(variables);
  told.started = now - std::chrono::seconds(*uptime);
  const auto hosts = read_rows(answers[3]);
  told.shows_threads =
      grants && grants->rights.sees_others && hosts.size() == 1 && is_shown_as(hosts.front().front(), own);
  return told;
}

bool is_same_server(const server_identity& one, const server_identity& other) {
  const auto apart = one.started < other.started ? other.started - one.started : one.started - other.started;
  return one.name == other.name && apart <= start_tolerance;
}

std::uint16_t port_of_host(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos) return 0;
  return to_number<std::uint16_t>(host.substr(colon + 1)).value_or(0);
}

bool is_shown_as(std::string_view host, const session::endpoint& from) {
  if (from.port == 0 || port_of_host(host) != from.port) return false;
  const auto address = host.substr(0, host.rfind(':'));
  boost::system::error_code is_name;
  boost::asio::ip::make_address(address, is_name);
  return is_name || address == from.address;
}

const known_servers::entry* known_servers::find(const session::endpoint& peer) const {
  const auto found = std::ranges::find(servers_, peer, &entry::peer);
  return found == servers_.end() ? nullptr : &*found;
}

known_servers::clock::time_point known_servers::learn(const session::endpoint& peer, const server_identity& seen,
                                                      clock::time_point now) {
  const auto* last = find(peer);
  const bool known = last != nullptr && last->server.name == seen.name;
  const bool restarted = known && last->server.started + start_tolerance < seen.started;
  auto since = now;
  if (last == nullptr || restarted)
    since = seen.started - start_tolerance;
  else if (known)
    since = last->there_since;  // where it seems to have started earlier than it did, a clock was set
  std::erase_if(servers_, [&](const entry& each) { return each.peer == peer; });
  if (servers_.size() >= servers_max) servers_.erase(servers_.begin());
  servers_.push_back({peer, seen, since});
  return since;
}

bool known_servers::is_last(const session::endpoint& peer, const server_identity& seen) const {
  const auto* last = find(peer);
  return last != nullptr && is_same_server(last->server, seen);
}

}  // namespace sessiongate::proxy
