#include "proxy/relay.hpp"

#include "proxy/own_command.hpp"
#include "proxy/own_response.hpp"
#include "proxy/server_identity.hpp"

#include <fmt/format.h>

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
  if (account.login) {
    const auto limit = connection_.shared().settings.recovery_state_max;
    replacing_ = std::make_unique<lost_session>(recovery_watch(std::move(*account.login), account.client, limit),
                                                account.backend);
  }
  tracker_.negotiated(account.backend, account.client);
  tracker_.set_status(account.status);
  if (replacing_) replacing_->watch.note_status(account.status);
  if (replacing_) publish_outlook();
  connection_.may_be_told_when([this] { return may_tell_client(); });
  connection_.save_state_by([this](client_connection::state_handler done) { save_state(std::move(done)); });
}

relay::~relay() {
  connection_.may_be_told_when({});
  connection_.save_state_by({});
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

void relay::start_reading() {
  run_backend_to_client(shared_from_this());
}

void start_relay(std::shared_ptr<client_connection> connection, logged_in_account account) {
  const auto both = std::make_shared<relay>(std::move(connection), std::move(account));
  both->start_reading();
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
  reading_backend_ = true;
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
    // What a server says unasked comes before its end; who outlives that end has no use for it.
    if (replacing_ && tracker_.idle()) [[unlikely]]
      continue;
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
  reading_backend_ = false;
  changed_.wake();
}

bool relay::may_share_server(const session::server_session& other) const {
  const auto* bound = connection_.bound();
  return bound != nullptr && bound->backend() == other.backend() &&
         session::may_share_server(bound->origin(), other.origin());
}

/// The packet of a command of the proxy's own, which the tracker expects an answer to from now on. Needs quiet(): the
/// own response has to be the oldest.
protocol::bytes relay::begin_own_statement(protocol::bytes_view command) {
  protocol::bytes packet;
  std::uint8_t sequence_id = 0;
  protocol::append_packet(packet, sequence_id, command);
  own_statement_ = true;
  own_response_.clear();
  tracker_.expect(static_cast<protocol::command>(command.front()));
  return packet;
}

/// Runs when the client's command is being answered by the proxy, so the server session is idle.
awaitable<own_server_session::reply> relay::ask(std::string statement) {
  constexpr std::size_t enough = 64UL * 1024UL;  // bytes
  co_return co_await ask(own_query(statement, backend_capabilities_), enough);
}

awaitable<own_server_session::reply> relay::ask(protocol::bytes command, std::size_t answer_max) {
  reply answer;
  if (broken() || !quiet()) co_return answer;
  own_response_max_ = answer_max;
  const auto packet = begin_own_statement(command);
  bool late = false;
  const deadline limit(connection_.home(), connection_.shared().settings.kill_timeout, [this, &late] {
    late = true;
    changed_.wake();
  });
  if (co_await connection_.backend()->write_all(packet)) {
    answer.status = admin::interrupt_status::backend_unreachable;
    co_return answer;
  }
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

namespace {

admin::interrupt_answer unanswered(admin::interrupt_status status) {
  if (status == admin::interrupt_status::no_route) return {};
  if (status == admin::interrupt_status::timeout)
    return {status, protocol::er::unknown_error, "HY000", "the backend did not answer"};
  return {status, protocol::er::cannot_connect, "HY000", "it closed without an answer to KILL"};
}

/// Behind one address there may be several servers: the thread of that number here came from another port. False, too,
/// where the account does not see it, or the addresses that are seen are not the real ones.
bool is_another(const std::vector<text_row>& threads, const session::connection_origin& meant, std::uint32_t own_id,
                const session::endpoint& own) {
  bool comparable = false;
  auto seen = meant.port_seen;
  for (const auto& row : threads) {
    if (row.front() == std::to_string(own_id)) comparable = is_shown_as(row.back(), own);
    if (row.front() == std::to_string(meant.connection_id)) seen = port_of_host(row.back());
  }
  return comparable && seen != meant.port_seen;
}

}  // namespace

/// None: nothing speaks against the KILL.
awaitable<std::optional<admin::interrupt_answer>> relay::look_for(session::connection_origin meant) {
  if (broken() || meant.port_seen == 0) co_return std::nullopt;
  const auto own_id = connection_.bound()->connection_id();
  auto from = admin::to_endpoint(connection_.backend()->local_address());
  if (from.port != connection_.bound()->origin().port_seen) from = connection_.session::client_session::client();
  const auto told = co_await ask(fmt::format("SELECT ID, HOST FROM information_schema.PROCESSLIST WHERE ID IN ({}, {})",
                                             own_id, meant.connection_id));
  if (told.status != admin::interrupt_status::interrupted) co_return unanswered(told.status);
  if (!is_another(read_rows(told.packets), meant, own_id, from)) co_return std::nullopt;
  co_return admin::interrupt_answer{admin::interrupt_status::backend_unreachable, protocol::er::unknown_error, "HY000",
                                    fmt::format("another server answers at {}: its connection {} is not this session's",
                                                meant.peer.text(), meant.connection_id)};
}

awaitable<admin::interrupt_answer> relay::kill(std::uint32_t connection_id, admin::interrupt_scope scope,
                                               std::shared_ptr<const session::server_session> meant) {
  if (meant) {
    if (auto otherwise = co_await look_for(meant->origin())) co_return std::move(*otherwise);
  }
  const auto answer = co_await ask(kill_statement(connection_id, scope));
  if (answer.status != admin::interrupt_status::interrupted) co_return unanswered(answer.status);
  co_return to_interrupt_answer(protocol::bytes_view(answer.packets).subspan(protocol::packet_header_size));
}

}  // namespace sessiongate::proxy
