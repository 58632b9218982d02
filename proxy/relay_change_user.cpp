// The relay's COM_CHANGE_USER: a whole login in the middle of a session.
#include "proxy/relay.hpp"

#include "proxy/backend_login.hpp"
#include "proxy/error_reply.hpp"

#include "session/login_name.hpp"

#include <fmt/format.h>

namespace sessiongate::proxy {

using protocol::command;
using session::stop_reason;
namespace er = protocol::er;

/// The login name loses its labels, and an unknown plugin is named, so that the backend asks with a fresh nonce:
/// drivers differ in which nonce they answer a COM_CHANGE_USER with.
task<> relay::change_user() {
  co_await wait_until([this] { return quiet(); });
  if (broken()) co_return;
  forward_next_ = false;
  const auto header = protocol::load_packet_header(kept_.data());
  const auto size = protocol::packet_header_size + header.payload_length;
  auto wanted = protocol::parse_change_user(
      protocol::bytes_view(kept_).subspan(protocol::packet_header_size, header.payload_length), client_capabilities_);
  if (!wanted) {
    co_await resolve(scan::halt::malformed);
    co_return;
  }
  wipe(wanted->auth_response);  // the backend will ask for another
  auto name = session::parse_login_name(wanted->user);
  auto& cluster = connection_.cluster();
  if (proxy::is_proxysys(name) || connection_.shared().clusters.find(name, cluster) != &cluster) {
    refuse_command(
        {er::access_denied, "28000",
         fmt::format("Access denied for user '{}': it is of another cluster than this connection, log in anew for it",
                     wanted->user)},
        {stop_reason::login_failed, "COM_CHANGE_USER to another cluster"});
    co_return;
  }
  const bool keeps_role_then = replacing_ && co_await keeps_role(name.user);
  if (broken()) co_return;
  if (name.user != connection_.who()->user) {
    auto place = connection_.shared().entrance.users.enter(name.user);
    if (!place) {
      refuse_command(too_many_user_connections(name.user),
                     {stop_reason::too_many_user_connections, "COM_CHANGE_USER to " + name.user});
      co_return;
    }
    next_place_ = std::move(*place);
  }
  next_identity_ = std::make_unique<session::identity>(session::identity{
      name.user, name.tenant, cluster_set::shown_name(cluster, name), session::shown_attributes(wanted->attributes)});
  next_database_ = wanted->database;
  wanted->user = name.user;
  if (replacing_) replacing_->watch.begin_change_user(*wanted, keeps_role_then);
  wanted->auth_plugin = unknown_plugin;
  if (protocol::has(backend_capabilities_, protocol::client_connect_attrs)) {
    wanted->attributes.emplace_back("sessiongate_cs_id", std::to_string(connection_.cs_id()));
  }
  protocol::bytes payload;
  protocol::write_change_user(payload, *wanted, backend_capabilities_);
  protocol::bytes packet;
  auto sequence_id = header.sequence_id;
  protocol::append_packet(packet, sequence_id, payload);
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(size));
  connection_.bound()->begin_request();
  connection_.publish_running(true);
  connection_.acting().begin_command(command::change_user, session::request_kind::other, packet.size());
  tracker_.expect(command::change_user);
  exchange_ =
      std::make_unique<change_user_exchange>(auth_between(connection_, backend_capabilities_),
                                             connection_.shared().settings.login_packet_max, header.sequence_id);
  co_await connection_.backend()->send_all(packet);
}

/// What the client sends meanwhile is no command.
relay::scan::halt relay::consider_auth_packet(protocol::bytes_view input) const {
  if (exchange_->too_large(input)) return scan::halt::malformed;
  return change_user_exchange::whole_packet(input) == 0 ? scan::halt::need_more : scan::halt::auth_packet;
}

/// The packet at the front of kept_ may be a password.
task<> relay::authenticate_client() {
  const auto size = change_user_exchange::whole_packet(kept_);
  const auto next = exchange_->on_client(protocol::bytes_view(kept_).first(size));
  const auto buffer = connection_.home().buffer();
  OPENSSL_cleanse(buffer.data(), buffer.size());
  OPENSSL_cleanse(kept_.data(), size);
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(size));
  switch (next.what) {
    case auth_exchange::step::action::to_backend:
      co_await connection_.backend()->send_all(next.packet);
      break;
    case auth_exchange::step::action::to_client:
      if (!send_whole(connection_.client(), next.packet))
        connection_.end({stop_reason::client_gone, "it does not read"});
      break;
    case auth_exchange::step::action::refused:
      refuse_change_user(next.error, next.reason);
      break;
    case auth_exchange::step::action::finished:
      break;
  }
}

/// Gives what goes to the client, valid until the next call on this thread.
protocol::bytes_view relay::authenticate_backend(protocol::bytes_view input) {
  static thread_local protocol::bytes for_client;
  for_client.clear();
  auto pending = std::move(exchange_->from_backend);
  pending.insert(pending.end(), input.begin(), input.end());
  protocol::bytes_view rest = pending;
  while (exchange_ && !connection_.ended()) {
    if (exchange_->too_large(rest)) {
      refuse_change_user({er::malformed_packet, "HY000", "Malformed communication packet"},
                         stop_reason::protocol_error);
      return {};
    }
    const auto size = change_user_exchange::whole_packet(rest);
    if (size == 0) {
      exchange_->from_backend.assign(rest.begin(), rest.end());
      return for_client;
    }
    act_on_backend(exchange_->on_backend(rest.first(size)), for_client);
    rest = rest.subspan(size);
  }
  const auto last_words = rest.empty() || connection_.ended() ? protocol::bytes_view() : track(rest);
  for_client.insert(for_client.end(), last_words.begin(), last_words.end());
  return for_client;
}

void relay::act_on_backend(auth_exchange::step next, protocol::bytes& for_client) {
  switch (next.what) {
    case auth_exchange::step::action::to_client:
      for_client.insert(for_client.end(), next.packet.begin(), next.packet.end());
      break;
    case auth_exchange::step::action::to_backend:
      if (!send_whole(*connection_.backend(), next.packet)) backend_closed({});
      break;
    case auth_exchange::step::action::finished: {
      next_login_ = exchange_->take_evidence();
      exchange_.reset();
      const auto verdict = track(next.packet);
      for_client.insert(for_client.end(), verdict.begin(), verdict.end());
      break;
    }
    case auth_exchange::step::action::refused:
      refuse_change_user(next.error, next.reason);
      break;
  }
}

void relay::refuse_change_user(const protocol::server_error& error, session::stop_reason reason) {
  send_last_error(connection_.client(), error, exchange_->next_for_client());
  connection_.end({reason, fmt::format("COM_CHANGE_USER: {}: {}", error.code, error.message)});
}

/// A packet that the proxy sends by itself, to a side that has read all it was sent: without waiting, as the other
/// direction's task may be at it.
bool relay::send_whole(stream& to, protocol::bytes_view packet) {
  const auto put = to.write_some(packet);
  return put.what == io_result::status::done && put.size == packet.size();
}

}  // namespace sessiongate::proxy
