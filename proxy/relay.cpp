#include "proxy/relay.hpp"

namespace sessiongate::proxy {

using session::stop_reason;

relay::relay(std::shared_ptr<client_connection> connection, logged_in_account account)
    : keep_(std::move(connection)),
      connection_(*keep_),
      admin_(connection_, account.client, this),
      client_capabilities_(account.client),
      backend_capabilities_(account.backend),
      state_(connection_, account.backend, account.status),
      kept_(std::move(account.client_rest)) {
  tracker_.negotiated(account.backend, account.client);
  tracker_.set_status(account.status);
  connection_.may_be_told_when([this] { return may_tell_client(); });
}

relay::~relay() {
  connection_.may_be_told_when({});
}

namespace {

detached_task run_client_to_backend(std::shared_ptr<relay> both) {
  try {
    co_await both->client_to_backend();
  } catch (const std::exception& error) {
    both->fail(error.what());
  }
}

detached_task run_backend_to_client(std::shared_ptr<relay> both) {
  try {
    co_await both->backend_to_client();
  } catch (const std::exception& error) {
    both->fail(error.what());
  }
}

}  // namespace

void start_relay(std::shared_ptr<client_connection> connection, logged_in_account account) {
  const auto both = std::make_shared<relay>(std::move(connection), std::move(account));
  run_backend_to_client(both);
  run_client_to_backend(both);
}

void relay::fail(std::string_view why) {
  connection_.end({stop_reason::internal_error, std::string(why)});
  changed_.wake();
}

task<> relay::client_to_backend() {
  connection_.end_if_due();
  co_await settle();
  auto& client = connection_.client();
  auto& received = connection_.home().counters().bytes_from_clients;
  while (co_await client.until_readable()) {
    const auto buffer = connection_.home().buffer();
    const auto got = client.read_some(buffer);
    if (got.what == io_result::status::would_block) continue;
    if (got.what == io_result::status::closed) {
      client_closed(got.ec);
      break;
    }
    received.add(got.size);
    connection_.acting().received_from_client(got.size);
    if (!forward_at_once(buffer.first(got.size))) co_await settle();
  }
}

task<> relay::backend_to_client() {
  auto& received = connection_.home().counters().bytes_from_backends;
  while (!broken() && co_await connection_.backend()->until_readable()) {
    const auto buffer = connection_.home().buffer();
    const auto got = connection_.backend()->read_some(buffer);
    if (got.what == io_result::status::would_block) continue;
    if (got.what == io_result::status::closed) {
      backend_closed(got.ec);
      break;
    }
    received.add(got.size);
    connection_.acting().received_from_server(got.size);
    const auto fresh = buffer.first(got.size);
    const auto for_client = exchange_ ? authenticate_backend(fresh) : track(fresh);
    if (!for_client.empty()) {
      const auto put = connection_.client().write_some(for_client);
      if (put.what == io_result::status::closed) {
        client_closed(put.ec);
        break;
      }
      if (put.size < for_client.size()) co_await send_rest(for_client.subspan(put.size));
    }
    if (tracker_.idle()) responses_delivered();
    changed_.wake();
  }
  if (!connection_.ended() && connection_.lost_server_session()) server_session_lost();
  changed_.wake();
}

bool relay::is_on(const session::endpoint& backend) const {
  const auto* bound = connection_.bound();
  return bound != nullptr && bound->backend() == backend;
}

/// The packet of a statement of the proxy's own, which the tracker expects an answer to from now on. Needs quiet(): the
/// own response has to be the oldest.
protocol::bytes relay::begin_own_statement(std::string_view text) {
  protocol::bytes payload{static_cast<std::uint8_t>(protocol::command::query)};
  if (protocol::has(backend_capabilities_, protocol::client_query_attributes)) payload.insert(payload.end(), {0, 1});
  payload.insert(payload.end(), text.begin(), text.end());
  protocol::bytes packet;
  std::uint8_t sequence_id = 0;
  protocol::append_packet(packet, sequence_id, payload);
  own_statement_ = true;
  own_response_.clear();
  tracker_.expect(protocol::command::query);
  return packet;
}

/// Runs when the client's command is being answered by the proxy, so the server session is idle.
awaitable<own_server_session::reply> relay::ask(std::string statement) {
  reply answer;
  if (broken() || !quiet()) co_return answer;
  const auto packet = begin_own_statement(statement);
  bool late = false;
  const deadline limit(connection_.home(), connection_.shared().settings.kill_timeout, [this, &late] {
    late = true;
    changed_.wake();
  });
  if (co_await connection_.backend()->write_all(packet)) co_return answer;
  while (own_statement_ && !late && !broken()) co_await changed_.wait();
  if (own_statement_) {
    // A late answer is swallowed when it comes; what the client sends the backend next is answered behind it.
    answer.status = late ? admin::interrupt_status::timeout : admin::interrupt_status::backend_unreachable;
    co_return answer;
  }
  answer.status = admin::interrupt_status::interrupted;
  answer.packets = std::exchange(own_response_, {});
  co_return answer;
}

awaitable<admin::interrupt_answer> relay::kill(std::uint32_t connection_id, admin::interrupt_scope scope) {
  const auto answer = co_await ask(kill_statement(connection_id, scope));
  switch (answer.status) {
    case admin::interrupt_status::interrupted:
      co_return to_interrupt_answer(protocol::bytes_view(answer.packets).subspan(protocol::packet_header_size));
    case admin::interrupt_status::no_route:
      co_return admin::interrupt_answer{};
    default:
      co_return admin::interrupt_answer{answer.status, protocol::er::unknown_error, "HY000",
                                        "the backend did not answer"};
  }
}

}  // namespace sessiongate::proxy
