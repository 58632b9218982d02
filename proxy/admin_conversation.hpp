// The admin commands of one SQL session: which of the client's commands are for the proxy, and the packets that answer
// them. Serves relayed sessions and root@proxysys alike. Lives on the session's worker.
#pragma once

#include "proxy/caller_identity.hpp"
#include "proxy/client_connection.hpp"
#include "proxy/kill_route.hpp"

#include "admin/diagnostics.hpp"
#include "admin/execute.hpp"
#include "admin/sql_parser.hpp"
#include "admin/sql_render.hpp"
#include "protocol/command_framer.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace sessiongate::proxy {

enum class command_fate : std::uint8_t {
  forward,    // the backend's
  need_more,  // the part that has arrived does not tell
  answer,     // the proxy's, perhaps: all of it is there, give it to answer()
  refuse,     // the proxy's, and larger than admin-statement-max
};

class admin_conversation {
 public:
  struct reply {
    bool forward = false;  // not ours after all: the command goes to the backend as it is
    bool close = false;    // the session ends behind the packets, as killed
    protocol::bytes packets;
    bool failed = false;                             // they are an error
    std::optional<admin::diagnostics> conditions{};  // what SHOW WARNINGS tells from now on; none: as before
  };

  /// `own` may be null, as in kill_route.
  admin_conversation(client_connection& connection, protocol::capabilities negotiated, own_server_session* own);

  /// On the data path, for each command: cheap for what is not ours.
  [[nodiscard]] command_fate look(const protocol::command_framer::step& started);

  /// `payload` is a whole command payload, `status` goes into OK and EOF packets.
  awaitable<reply> answer(protocol::bytes_view payload, std::uint8_t sequence_id, protocol::status_flags status);

  /// Somebody else has answered a command: what SHOW WARNINGS tells is his now. For those whose commands go to a
  /// backend this is seen without it.
  void answered_elsewhere() { last_.reset(); }

  /// A COM_STMT_PREPARE went to the backend: MariaDB's "the last one prepared" is the backend's now.
  void forwarded_prepare() { last_prepared_ = 0; }

 private:
  struct prepared_statement {
    admin::statement what;
    std::vector<std::uint16_t> parameter_types;
  };
  struct own_command {  // the last command, when it was answered here
    admin::diagnostics conditions;
    std::uint64_t requests = 0;  // that had gone to the backend by then
  };
  struct request {  // one statement to run
    admin::statement what;
    protocol::row_format format = protocol::row_format::text;
    bool can_forward = false;  // the client's command, as it came, is something that the backend understands
    std::uint8_t sequence_id = 0;
    protocol::status_flags status = 0;
  };

  [[nodiscard]] command_fate look_at_text(const protocol::command_framer::step& started);
  [[nodiscard]] bool asks_for_diagnostics(std::string_view text);
  awaitable<reply> answer_type(protocol::bytes_view payload, request asked);
  [[nodiscard]] bool processlist_is_ours() const;
  [[nodiscard]] bool is_prepared_here(std::uint32_t statement_id) const;
  awaitable<reply> answer_query(protocol::bytes_view payload, request asked);
  awaitable<reply> answer_execute(protocol::bytes_view payload, request asked);
  reply prepare(protocol::bytes_view payload, const request& asked);
  reply use_prepared(protocol::command what, std::uint32_t statement_id, const request& asked);
  awaitable<reply> run(request asked);
  [[nodiscard]] bool asks_for_all_variables(const admin::command& what) const;
  awaitable<reply> act(own_server_session* over, request asked, admin::principal who) const;
  awaitable<reply> run_on_admin_thread(request asked, admin::principal who);
  reply render(const admin::result& result, const request& asked) const;
  [[nodiscard]] reply render(const admin::diagnostics_answer& told, const request& asked) const;
  [[nodiscard]] reply error(const request& asked, std::uint16_t code, std::string_view sqlstate,
                            std::string text) const;

  client_connection& connection_;
  protocol::capabilities negotiated_;
  own_server_session* own_;
  caller_identity caller_;
  std::unique_ptr<own_command> last_;
  std::unordered_map<std::uint32_t, prepared_statement> prepared_;
  std::uint32_t next_prepared_;
  std::uint32_t last_prepared_ = 0;
};

}  // namespace sessiongate::proxy
