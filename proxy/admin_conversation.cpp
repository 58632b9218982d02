#include "proxy/admin_conversation.hpp"

#include "proxy/error_reply.hpp"
#include "proxy/server_variables.hpp"

#include "admin/command_kind.hpp"
#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"
#include "protocol/statement.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>
#include <algorithm>

namespace sessiongate::proxy {

namespace {

using protocol::command;
namespace er = protocol::er;

/// Servers number the statements of a session from 1: this is far above them.
constexpr std::uint32_t first_prepared_id = 0x4000'0000;
constexpr std::size_t command_and_statement_id = 5;  // bytes

}  // namespace

admin_conversation::admin_conversation(client_connection& connection, protocol::capabilities negotiated,
                                       own_server_session* own)
    : connection_(connection),
      negotiated_(negotiated),
      own_(own),
      caller_(connection, own),
      next_prepared_(first_prepared_id) {}

command_fate admin_conversation::look(const protocol::command_framer::step& started) {
  const auto length = started.size - protocol::packet_header_size;
  const auto when_complete = started.payload.size() == length ? command_fate::answer : command_fate::need_more;
  switch (started.type) {
    case command::query:
    case command::stmt_prepare:
      return look_at_text(started);
    case command::process_kill:
      return length == command_and_statement_id ? when_complete : command_fate::forward;
    case command::process_info:
      return length == 1 && processlist_is_ours() ? when_complete : command_fate::forward;
    case command::stmt_execute:
    case command::stmt_close:
    case command::stmt_reset:
    case command::stmt_fetch:
    case command::stmt_send_long_data: {
      if (prepared_.empty() || length < command_and_statement_id) return command_fate::forward;
      if (started.payload.size() < command_and_statement_id) return command_fate::need_more;
      const auto id = protocol::parse_statement_id(started.payload);
      if (!id || !is_prepared_here(*id)) return command_fate::forward;
      return length <= connection_.shared().settings.admin_statement_max ? when_complete : command_fate::refuse;
    }
    default:
      return command_fate::forward;
  }
}

/// root@proxysys has no backend that could answer it.
bool admin_conversation::processlist_is_ours() const {
  return own_ == nullptr || connection_.shared().current.load()->processlist_is_ours;
}

/// SHOW WARNINGS and the like are the proxy's for as long as no command has gone to the backend since.
bool admin_conversation::asks_for_diagnostics(std::string_view text) {
  const auto* bound = connection_.bound();
  if (own_ != nullptr && bound != nullptr && bound->request_count() != last_->requests) {
    last_.reset();
    return false;
  }
  return admin::answer_about(last_->conditions, text).has_value();
}

command_fate admin_conversation::look_at_text(const protocol::command_framer::step& started) {
  const auto length = started.size - protocol::packet_header_size;
  const auto limit = connection_.shared().settings.admin_statement_max;
  std::size_t offset = 1;
  if (started.type == command::query && protocol::has(negotiated_, protocol::client_query_attributes)) {
    const auto found = protocol::query_text_offset(started.payload, negotiated_);
    if (!found) return command_fate::forward;
    if (!*found) return started.payload.size() < limit ? command_fate::need_more : command_fate::forward;
    offset = **found;
  }
  const bool complete = started.payload.size() == length;
  const auto text = protocol::as_text(started.payload.subspan(std::min(offset, started.payload.size())));
  switch (admin::sieve_statement(text, complete)) {
    case admin::sieve_verdict::not_ours:
      if (!last_ || started.type != command::query || length > admin::diagnostics_question_max)
        return command_fate::forward;
      if (!complete) return command_fate::need_more;
      return asks_for_diagnostics(text) ? command_fate::answer : command_fate::forward;
    case admin::sieve_verdict::need_more:
      return started.payload.size() < limit ? command_fate::need_more : command_fate::forward;
    case admin::sieve_verdict::maybe:
      break;
  }
  if (length > limit) return command_fate::forward;
  return complete ? command_fate::answer : command_fate::need_more;
}

bool admin_conversation::is_prepared_here(std::uint32_t statement_id) const {
  if (statement_id == protocol::last_prepared_statement) return last_prepared_ != 0;
  return prepared_.contains(statement_id);
}

admin_conversation::reply admin_conversation::error(const request& asked, std::uint16_t code, std::string_view sqlstate,
                                                    std::string text) const {
  const auto next = static_cast<std::uint8_t>(asked.sequence_id + 1);
  const protocol::server_error error{code, std::string(sqlstate), std::move(text)};
  return {false, false, error_packet(error, next), true,
          admin::diagnostics{{admin::condition::severity::error, error.code, error.message}}};
}

awaitable<admin_conversation::reply> admin_conversation::answer(protocol::bytes_view payload, std::uint8_t sequence_id,
                                                                protocol::status_flags status) {
  auto given =
      co_await answer_type(payload, {.what = {}, .can_forward = true, .sequence_id = sequence_id, .status = status});
  const auto* bound = connection_.bound();
  if (given.conditions)
    last_ = std::make_unique<own_command>(std::move(*given.conditions), bound != nullptr ? bound->request_count() : 0);
  co_return given;
}

awaitable<admin_conversation::reply> admin_conversation::answer_type(protocol::bytes_view payload, request asked) {
  const auto type = static_cast<command>(payload.front());
  switch (type) {
    case command::query:
      co_return co_await answer_query(payload, std::move(asked));
    case command::stmt_prepare:
      co_return prepare(payload, asked);
    case command::process_kill: {
      asked.what = {.what = admin::kill_session{.id = *protocol::parse_process_kill(payload), .plain = true}};
      co_return co_await run(std::move(asked));
    }
    case command::process_info:
      asked.what = {.what = admin::show_table{.what = admin::listing::mysql_processes}};
      co_return co_await run(std::move(asked));
    case command::stmt_execute:
      co_return co_await answer_execute(payload, std::move(asked));
    default:
      co_return use_prepared(type, *protocol::parse_statement_id(payload), asked);
  }
}

awaitable<admin_conversation::reply> admin_conversation::answer_query(protocol::bytes_view payload, request asked) {
  const auto offset = protocol::query_text_offset(payload, negotiated_);
  if (!offset || !*offset) co_return reply{.forward = true, .packets = {}};
  if (last_) {
    if (const auto told = admin::answer_about(last_->conditions, protocol::as_text(payload.subspan(**offset))))
      co_return render(*told, asked);
  }
  auto parsed = admin::parse_statement(protocol::as_text(payload.subspan(**offset)),
                                       {.processlist_is_ours = processlist_is_ours()});
  if (std::holds_alternative<admin::not_ours>(parsed)) co_return reply{.forward = true, .packets = {}};
  if (const auto* wrong = std::get_if<admin::failure>(&parsed)) co_return render(*wrong, asked);
  asked.what = std::get<admin::statement>(std::move(parsed));
  co_return co_await run(std::move(asked));
}

admin_conversation::reply admin_conversation::prepare(protocol::bytes_view payload, const request& asked) {
  auto parsed = admin::parse_statement(protocol::as_text(payload.subspan(1)),
                                       {.prepared = true, .processlist_is_ours = processlist_is_ours()});
  if (std::holds_alternative<admin::not_ours>(parsed)) return {.forward = true, .packets = {}};
  if (const auto* wrong = std::get_if<admin::failure>(&parsed)) return render(*wrong, asked);
  if (prepared_.size() >= connection_.shared().current.load()->admin_prepared_max) {
    return error(asked, 1461, "42000", "Can't create more prepared statements of the proxy (admin-prepared-max)");
  }
  auto& what = std::get<admin::statement>(parsed);
  last_prepared_ = next_prepared_++;
  reply answer;
  auto sequence_id = static_cast<std::uint8_t>(asked.sequence_id + 1);
  protocol::write_prepare_response(answer.packets, sequence_id, last_prepared_, admin::sql_columns(what.what),
                                   what.parameter_count(), negotiated_, asked.status);
  prepared_.emplace(last_prepared_, prepared_statement{std::move(what), {}});
  return answer;
}

awaitable<admin_conversation::reply> admin_conversation::answer_execute(protocol::bytes_view payload, request asked) {
  auto id = *protocol::parse_statement_id(payload);
  if (id == protocol::last_prepared_statement) id = last_prepared_;
  auto& statement = prepared_.at(id);
  const auto execute =
      protocol::parse_execute(payload, statement.what.parameter_count(), negotiated_, statement.parameter_types);
  if (!execute) co_return error(asked, er::malformed_packet, "HY000", "Malformed communication packet");
  asked.what = statement.what;
  asked.format = protocol::row_format::binary;
  asked.can_forward = false;
  if (auto wrong = admin::bind_parameters(asked.what, execute->parameters)) {
    co_return error(asked, er::wrong_arguments, "HY000", std::move(*wrong));
  }
  co_return co_await run(std::move(asked));
}

admin_conversation::reply admin_conversation::use_prepared(command what, std::uint32_t statement_id,
                                                           const request& asked) {
  const auto id = statement_id == protocol::last_prepared_statement ? last_prepared_ : statement_id;
  if (what == command::stmt_close) {
    prepared_.erase(id);
    if (id == last_prepared_) last_prepared_ = 0;
    return {};
  }
  if (what == command::stmt_send_long_data) return {};  // has no answer; the execution will miss its parameter
  if (what == command::stmt_fetch) {
    return error(asked, er::unknown_statement_handler, "HY000", "The statement has no open cursor");
  }
  prepared_.at(id).parameter_types.clear();
  protocol::bytes payload;
  protocol::write_ok_packet(payload, {.status = asked.status, .info = {}, .state_info = {}}, negotiated_);
  reply answer;
  auto sequence_id = static_cast<std::uint8_t>(asked.sequence_id + 1);
  protocol::append_packet(answer.packets, sequence_id, payload);
  return answer;
}

awaitable<admin_conversation::reply> admin_conversation::run(request asked) {
  auto& shared = connection_.shared();
  connection_.home().counters().admin_commands.add(1);
  if (asked.what.own_session) admin::set_id(asked.what.what, connection_.cs_id());
  const bool may_forward = own_ != nullptr && asked.can_forward && admin::is_plain_kill(asked.what.what);
  if (may_forward && admin::find_sessions(*admin::target_of(asked.what.what), shared.sessions).empty())
    co_return reply{.forward = true, .packets = {}};
  auto who = co_await caller_.identify(asked.what.what);
  if (asks_for_all_variables(asked.what.what)) {
    const auto answer = co_await own_->ask(std::string(variables_question));
    std::get<admin::show_table>(asked.what.what).server_variables = read_server_variables(answer.packets);
  }
  if (!admin::is_kill(asked.what.what) && !connection_.ended())
    co_return co_await run_on_admin_thread(std::move(asked), std::move(who));
  co_return co_await act(own_, std::move(asked), std::move(who));
}

/// Of the caller's own session: only there the server can be asked without getting into anybody's way.
bool admin_conversation::asks_for_all_variables(const admin::command& what) const {
  const auto* list = std::get_if<admin::show_table>(&what);
  if (own_ == nullptr || list == nullptr || list->what != admin::listing::variables || !list->full) return false;
  if (!list->id) return true;
  const auto found = admin::find_sessions(*list->id, connection_.shared().sessions);
  return found.size() == 1 && found.front()->cs_id() == connection_.cs_id();
}

/// On the thread that may use `over`; without one, on any.
awaitable<admin_conversation::reply> admin_conversation::act(own_server_session* over, request asked,
                                                             admin::principal who) const {
  auto& shared = connection_.shared();
  kill_route route(over, shared.clusters);
  admin::execution_context context{shared.sessions, route,       shared.settings.kill_timeout,
                                   ::getpid(),      shared.view, &shared.kills};
  context.closed = &shared.closed;
  context.trail = &shared.trail;
  context.draining = shared.draining_sessions;
  context.gentle_timeout = shared.settings.gentle_kill_timeout;
  context.kill_where_max = shared.settings.kill_where_max;
  context.kills_at_once = shared.settings.kill_where_concurrency;
  if (!connection_.ended()) context.listings_on = shared.admin_thread.get_executor();
  context.events = &shared.events;
  const auto result = co_await admin::execute(asked.what.what, std::move(who), context);
  co_return render(result, asked);
}

/// A listing of thousands of sessions takes longer than a worker may be away from the others. While this session has
/// not ended, the admin thread runs.
awaitable<admin_conversation::reply> admin_conversation::run_on_admin_thread(request asked, admin::principal who) {
  co_return co_await boost::asio::co_spawn(connection_.shared().admin_thread,
                                           act(nullptr, std::move(asked), std::move(who)), boost::asio::use_awaitable);
}

admin_conversation::reply admin_conversation::render(const admin::result& result, const request& asked) const {
  reply answer;
  auto sequence_id = static_cast<std::uint8_t>(asked.sequence_id + 1);
  answer.conditions = admin::diagnose(result, admin::is_plain_kill(asked.what.what));
  admin::render_sql(answer.packets, sequence_id, result,
                    {negotiated_, asked.status, asked.format, static_cast<std::uint16_t>(answer.conditions->size())});
  const auto* outcome = std::get_if<admin::kill_outcome>(&result);
  answer.failed = std::holds_alternative<admin::failure>(result);
  const auto* several = std::get_if<admin::kill_report>(&result);
  answer.close = (outcome != nullptr && outcome->status == admin::kill_status::killed_self) ||
                 (several != nullptr && several->self);
  return answer;
}

admin_conversation::reply admin_conversation::render(const admin::diagnostics_answer& told,
                                                     const request& asked) const {
  connection_.home().counters().admin_commands.add(1);
  reply answer;
  auto sequence_id = static_cast<std::uint8_t>(asked.sequence_id + 1);
  protocol::write_result_set(answer.packets, sequence_id, told.columns, told.rows, asked.format, negotiated_,
                             asked.status);
  return answer;
}

}  // namespace sessiongate::proxy
