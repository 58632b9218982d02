#include "proxy/relay.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace sessiongate::proxy {

namespace asio = boost::asio;
using session::stop_reason;

relay::relay(std::shared_ptr<client_connection> connection, logged_in_account account)
    : keep_(std::move(connection)),
      connection_(*keep_),
      control_(connection_.shared()),
      admin_(connection_, account.client, this, control_),
      client_capabilities_(account.client),
      backend_capabilities_(account.backend),
      kept_(std::move(account.client_rest)) {
  tracker_.negotiated(account.backend, account.client);
  tracker_.set_status(account.status);
}

namespace {

awaitable<void> run_other_direction(std::shared_ptr<relay> both) { co_await both->backend_to_client(); }

}  // namespace

awaitable<void> relay_session(std::shared_ptr<client_connection> connection, logged_in_account account) {
  const auto both = std::make_shared<relay>(std::move(connection), std::move(account));
  const auto executor = co_await asio::this_coro::executor;
  asio::co_spawn(executor, run_other_direction(both), asio::detached);
  co_await both->client_to_backend();
}

awaitable<void> relay::client_to_backend() {
  connection_.end_if_draining();
  co_await settle();
  auto& client = connection_.client();
  auto& received = connection_.home().counters().bytes_from_clients;
  while (!connection_.ended()) {
    if (co_await client.readable()) break;
    const auto buffer = connection_.home().buffer();
    const auto got = client.read_some(buffer);
    if (got.what == io_result::status::would_block) continue;
    if (got.what == io_result::status::closed) {
      client_closed(got.ec);
      break;
    }
    received.add(got.size);
    if (!forward_at_once(buffer.first(got.size))) co_await settle();
  }
  changed_.notify();
}

awaitable<void> relay::backend_to_client() {
  auto& received = connection_.home().counters().bytes_from_backends;
  while (!broken()) {
    auto& backend = *connection_.backend();
    if (co_await backend.readable()) break;
    const auto buffer = connection_.home().buffer();
    const auto got = backend.read_some(buffer);
    if (got.what == io_result::status::would_block) continue;
    if (got.what == io_result::status::closed) {
      backend_closed(got.ec);
      break;
    }
    received.add(got.size);
    if (!co_await send_to_client(track(buffer.first(got.size)))) break;
  }
  if (!connection_.ended() && connection_.lost_server_session()) server_session_lost();
  changed_.notify();
}

bool relay::is_on(const session::endpoint& backend) const {
  const auto* bound = connection_.bound();
  return bound != nullptr && bound->backend() == backend;
}

/// Runs when the client's command is being answered by the proxy, so the server session is idle.
awaitable<admin::interrupt_answer> relay::kill(std::uint32_t connection_id, admin::interrupt_scope scope) {
  admin::interrupt_answer answer;
  if (broken() || !quiet()) co_return answer;
  const auto statement = kill_statement(connection_id, scope);
  protocol::bytes payload{static_cast<std::uint8_t>(protocol::command::query)};
  if (protocol::has(backend_capabilities_, protocol::client_query_attributes)) payload.insert(payload.end(), {0, 1});
  payload.insert(payload.end(), statement.begin(), statement.end());
  protocol::bytes packet;
  std::uint8_t sequence_id = 0;
  protocol::append_packet(packet, sequence_id, payload);
  own_statement_ = true;
  own_response_.clear();
  tracker_.expect(protocol::command::query);
  bool late = false;
  const deadline limit(connection_.home(), connection_.shared().settings.kill_timeout, [this, &late] {
    late = true;
    changed_.notify();
  });
  if (co_await connection_.backend()->write_all(packet)) co_return answer;
  const bool answered = co_await wait_until([this, &late] { return !own_statement_ || late; });
  if (!answered || own_statement_) {
    // A late answer is swallowed when it comes; what the client sends next is answered behind it.
    answer = {late ? admin::interrupt_status::timeout : admin::interrupt_status::backend_unreachable,
              protocol::er::unknown_error, "HY000", "the backend did not answer"};
    co_return answer;
  }
  answer = to_interrupt_answer(protocol::bytes_view(own_response_).subspan(protocol::packet_header_size));
  protocol::bytes().swap(own_response_);
  co_return answer;
}

}  // namespace sessiongate::proxy
