// The relay's way from the client to the backend: what is forwarded, what is answered here, what has to wait.
#include "proxy/relay.hpp"

#include "proxy/error_reply.hpp"

namespace sessiongate::proxy {

using protocol::command;
using session::stop_reason;
namespace er = protocol::er;

namespace {

constexpr std::size_t keep_capacity = 4096;  // bytes: an idle session gives larger memory back

}  // namespace

relay::scan relay::scan_client(protocol::bytes_view input) {
  std::size_t at = 0;
  while (at < input.size()) {
    if (exchange_) return {at, consider_auth_packet(input.subspan(at))};
    const auto step = framer_.next(input.subspan(at));
    if (step.what == protocol::command_framer::kind::body) {
      at += step.size;
      continue;
    }
    if (step.what == protocol::command_framer::kind::need_more) return {at, scan::halt::need_more};
    if (const auto why = consider(step); why != scan::halt::none) return {at, why};
    begin_command(step);
    framer_.forward_command(step);
  }
  return {at, scan::halt::none};
}

/// A command starts: may it go to the backend (none), or what else?
relay::scan::halt relay::consider(const protocol::command_framer::step& started) {
  if (!forward_next_) {
    switch (admin_.look(started)) {
      case command_fate::forward:
        break;
      case command_fate::answer:
        return scan::halt::answer;
      case command_fate::need_more:
        return scan::halt::need_more;
      case command_fate::refuse:
        return scan::halt::malformed;
    }
  }
  if (connection_.serving() == nullptr && started.type != command::quit) [[unlikely]] {
    if (connection_.bound() == nullptr) return scan::halt::no_backend;
    if (!forward_next_) return scan::halt::stop_waits;
  }
  if (started.type == command::change_user || started.type == command::init_db) {
    if (started.size > connection_.shared().settings.login_packet_max) return scan::halt::malformed;
    if (started.payload.size() + protocol::packet_header_size < started.size) return scan::halt::need_more;
    if (started.type == command::change_user) return scan::halt::change_user;
  }
  if (replacing_) [[unlikely]] {
    if (const auto why = consider_recovery(started); why != scan::halt::none) return why;
  }
  if (!tracker_.can_expect() && !has_no_response(started.type)) return scan::halt::queue_full;
  if (state_.may_ask() && started.type == command::query && wants_report(started)) return scan::halt::ask_report;
  return scan::halt::none;
}

void relay::begin_command(const protocol::command_framer::step& started) {
  forward_next_ = false;
  connection_.home().counters().commands.add(1);
  if (started.type == command::quit) quit_seen_ = true;
  if (has_no_response(started.type)) {
    if (replacing_) watch_command(started);
    return;
  }
  if (!connection_.statement_running()) {
    connection_.bound()->begin_request();
    connection_.publish_running(true);
  }
  tracker_.expect(started.type);
  follow_command(started);
  if (replacing_) [[unlikely]]
    watch_command(started);
  if (started.type == command::stmt_prepare) admin_.forwarded_prepare();
  if (started.type == command::init_db && !started.payload.empty()) {
    next_database_ = protocol::as_text(started.payload.subspan(1));
  }
  if (protocol::is_replication_stream(started.type)) framer_.begin_raw();
}

/// The way of almost all bytes: read, looked at, sent. False when something has to wait; that is in kept_ then.
bool relay::forward_at_once(protocol::bytes_view fresh) {
  if (!kept_.empty()) {
    kept_.insert(kept_.end(), fresh.begin(), fresh.end());
    return false;
  }
  const auto found = scan_client(fresh);
  std::size_t sent = 0;
  if (found.forward > 0) sent = connection_.backend()->write_some(fresh.first(found.forward)).size;
  if (quit_seen_ && tracker_.idle()) {
    connection_.end({stop_reason::client_quit, {}});
    return true;
  }
  if (sent == fresh.size()) return true;
  kept_.assign(fresh.begin() + static_cast<std::ptrdiff_t>(sent), fresh.end());
  unsent_ = found.forward - sent;
  halt_ = found.why;
  return false;
}

/// Deals with kept_ until it is empty or more has to arrive.
task<> relay::settle() {
  while (!connection_.ended()) {
    if (unsent_ > 0) {
      // Whether that works is the other direction's to see: the backend's last words come before its end.
      connection_.acting().wait_for(session::wait_kind::backend_write, unsent_);
      co_await connection_.backend()->send_all(protocol::bytes_view(kept_).first(unsent_));
      connection_.acting().wait_no_more();
      kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(unsent_));
      unsent_ = 0;
    }
    const auto why = std::exchange(halt_, scan::halt::none);
    if (why == scan::halt::need_more) break;
    if (why != scan::halt::none) co_await resolve(why);
    if (connection_.ended() || kept_.empty()) break;
    const auto found = scan_client(kept_);
    unsent_ = found.forward;
    halt_ = found.why;
  }
  if (quit_seen_ && tracker_.idle()) connection_.end({stop_reason::client_quit, {}});
  if (kept_.empty() && kept_.capacity() > keep_capacity) protocol::bytes().swap(kept_);
}

task<> relay::resolve(scan::halt why) {
  switch (why) {
    case scan::halt::none:
    case scan::halt::need_more:
      break;
    case scan::halt::answer:
      co_await answer_command();
      break;
    case scan::halt::change_user:
      co_await change_user();
      break;
    case scan::halt::ask_report:
      co_await ask_report();
      break;
    case scan::halt::auth_packet:
      co_await authenticate_client();
      break;
    case scan::halt::queue_full:
      co_await wait_until([this] { return tracker_.can_expect(); });
      break;
    case scan::halt::stop_waits:
      co_await hold_command();
      break;
    case scan::halt::no_backend:
      co_await replace_server_session();
      break;
    case scan::halt::translate:
      co_await translate_statement();
      break;
    case scan::halt::bind_types:
      co_await bind_types();
      break;
    case scan::halt::gap:
      co_await fill_gap();
      break;
    case scan::halt::role:
      co_await ask_role();
      break;
    case scan::halt::malformed:
      refuse_command({er::malformed_packet, "HY000", "Malformed communication packet"},
                     {stop_reason::protocol_error, "a command that cannot be"});
      break;
  }
}

/// A gentle stop waits. The command at the front of kept_ has not begun: whether it still may is known when all before
/// it is over.
task<> relay::hold_command() {
  while (saving_) co_await saved_.until_woken();  // before changed_, which read_state() waits for
  co_await wait_until([this] { return quiet(); });
  connection_.end_if_due();
  forward_next_ = true;
}

/// Answers the command at the front of kept_ with an error and ends the session.
void relay::refuse_command(const protocol::server_error& error, session::stop_request why) {
  const auto header = protocol::load_packet_header(kept_.data());
  connection_.note_error();
  send_last_error(connection_.client(), error, static_cast<std::uint8_t>(header.sequence_id + 1));
  connection_.client().discard_input(connection_.home().buffer());
  connection_.end(std::move(why));
}

/// The command at the front of kept_ is for the proxy, perhaps. It waits for its turn behind what the client sent
/// before.
task<> relay::answer_command() {
  co_await wait_until([this] { return quiet_for_client(); });
  if (connection_.ended()) co_return;
  const auto header = protocol::load_packet_header(kept_.data());
  const auto size = protocol::packet_header_size + header.payload_length;
  const auto payload = protocol::bytes_view(kept_).subspan(protocol::packet_header_size, header.payload_length);
  connection_.note_command();
  connection_.set_answering(true);
  const auto reply =
      co_await asio_call(connection_.home().executor(), admin_.answer(payload, header.sequence_id, tracker_.status()));
  if (connection_.ended()) co_return;
  if (reply.forward) {
    connection_.set_answering(false);
    connection_.end_if_due();
    forward_next_ = true;
    co_return;
  }
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(size));
  if (reply.failed) connection_.note_error();
  connection_.acting().answered_internally(size, reply.packets.size());
  writing_to_client_ = true;
  const auto ec = co_await connection_.client().send_all(reply.packets);
  writing_to_client_ = false;
  if (ec) client_closed(ec);
  connection_.set_answering(false);
  if (reply.close) connection_.end({stop_reason::killed, "by itself"});
  connection_.end_if_due();
}

void relay::client_closed(const error_code& ec) {
  if (ec == protocol::errc::malformed_compression) {
    if (may_tell_client()) send_last_error(connection_.client(), uncompress_failed());
    connection_.end({stop_reason::protocol_error, "from the client: " + ec.message()});
  } else if (quit_seen_) {
    connection_.end({stop_reason::client_quit, {}});
  } else {
    connection_.end({stop_reason::client_gone, ec ? ec.message() : "closed without COM_QUIT"});
  }
}

}  // namespace sessiongate::proxy
