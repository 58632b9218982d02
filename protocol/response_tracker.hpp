// The server's side of the command phase: is this response complete, and which status flags and session-state changes
// did it carry. One look at a packet's first bytes, none at row contents; any split of the byte stream will do.
// ("Command Phase", "Text Resultset", "Protocol::LOCAL_INFILE_Request"; MariaDB: progress reports, cached metadata.)
//
// Commands wait in a queue in the order in which they went to the backend, so clients may pipeline.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/command.hpp"
#include "protocol/status_flags.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace sessiongate::protocol {

class response_tracker {
 public:
  /// How many commands may wait for their response. A client that sends more is simply not read from until one is done:
  /// a server would not read them either.
  static constexpr std::size_t outstanding_max = 64;

  enum class event : std::uint8_t {
    none,               // the input is used up
    response_complete,  // the oldest command's response ended with this packet
    result_complete,    // one result of several ended
    file_requested,     // LOCAL INFILE: the client sends packets now
    auth_requested,     // COM_CHANGE_USER: the client may send an authentication packet now
    unsolicited,        // a packet that no command asked for: the server closes (idle timeout, KILL, shutdown)
  };

  struct step {
    std::size_t consumed = 0;  // bytes of the input that are done with
    bytes_view forward;        // what goes to the client for them: mostly the very bytes consumed, else bytes in here,
                               // valid until the next call
    event what = event::none;
    bytes_view state_ok;  // the payload of an OK that carries session-state changes, else empty; valid as `forward`
  };

  /// What the backend connection negotiated, and what the client did. When only the proxy asked for
  /// client_session_track, the state is cut from the OK packets on their way to the client.
  void negotiated(capabilities backend, capabilities client);

  /// The proxy has asked the server to report more system variables than it does by default: a client with
  /// client_session_track gets the default ones only. Off again when the client asks for more by itself.
  void narrow_state(bool on) { narrows_ = on; }

  [[nodiscard]] bool can_expect() const { return outstanding_count_ < outstanding_max; }
  /// A command with a response has been sent to the backend. Needs can_expect().
  void expect(command sent);
  [[nodiscard]] bool idle() const { return outstanding_count_ == 0; }
  [[nodiscard]] std::size_t outstanding() const { return outstanding_count_; }
  /// The command whose response is being read. Needs !idle().
  [[nodiscard]] command current() const { return outstanding_[outstanding_first_]; }
  /// The place in the queue of the command that was sent last, and of the one whose response ended last: the same
  /// number names the same command while it is outstanding.
  [[nodiscard]] std::uint8_t place_sent() const { return place(outstanding_first_ + outstanding_count_ - 1U); }
  [[nodiscard]] std::uint8_t place_ended() const { return place(outstanding_first_ - 1U); }
  /// Nothing of a response has come yet for the oldest outstanding command.
  [[nodiscard]] bool at_response_start() const;

  [[nodiscard]] step advance(bytes_view input);

  /// From the last OK or EOF packet.
  [[nodiscard]] status_flags status() const { return status_; }
  /// Takes over the flags of the OK that ended a login, which does not pass through here.
  void set_status(status_flags value) { status_ = value; }
  /// The ERR code that ended the last response, or zero.
  [[nodiscard]] std::uint16_t last_error() const { return last_error_; }
  /// Whether a result set has begun since the last call.
  [[nodiscard]] bool take_result_set() { return std::exchange(result_set_, false); }
  /// The id of the statement that the last COM_STMT_PREPARE made, as the server numbers it; zero when it made none.
  [[nodiscard]] std::uint32_t prepared_id() const { return prepared_id_; }
  /// And how many parameters it has.
  [[nodiscard]] std::uint16_t prepared_parameters() const { return prepared_parameters_; }
  /// What the client sees in place of the number of the statement that is prepared next. Zero: the number itself.
  void show_prepared_as(std::uint32_t statement_id) { shown_id_ = statement_id; }
  /// Nothing of what came before counts any more: what comes next is another server session's. What was negotiated is
  /// as before.
  void start_over(status_flags status);
  /// The last_insert_id that an OK told since the last call; zero when none did.
  [[nodiscard]] std::uint64_t take_insert_id() { return std::exchange(insert_id_, std::uint64_t{0}); }

 private:
  /// What the next packet will be. The last three are those with many packets that need no look.
  enum class state : std::uint8_t {
    nothing,          // no command is outstanding
    first,            // OK, ERR, EOF, LOCAL INFILE or a column count
    single,           // one packet, whatever it holds
    prepare,          // the OK of COM_STMT_PREPARE
    auth,             // authentication packets until OK
    definitions_end,  // EOF
    definitions,      // definitions_left_ of them
    rows,             // until EOF or OK
    stream,           // until a short EOF
  };

  struct head {
    std::uint32_t length = 0;  // of the payload
    bytes_view seen;           // as much of the payload as is at hand

    [[nodiscard]] bool starts_with(std::uint8_t value) const { return !seen.empty() && seen.front() == value; }
  };

  static constexpr std::uint8_t place(unsigned number) { return static_cast<std::uint8_t>(number % outstanding_max); }
  static state start_state(command sent);
  static head look(bytes_view packet);

  step advance_held(bytes_view input);
  step pass_state_ok(bytes_view forward, std::size_t consumed, bytes_view packet);
  step pass_prepared(bytes_view begun);
  std::size_t pass_body(std::size_t available);
  std::size_t skip_plain_packets(bytes_view input, std::size_t at);
  [[nodiscard]] std::size_t bytes_needed(bytes_view packet) const;
  [[nodiscard]] bool is_plain(std::uint8_t first_byte) const;

  void begin_packet(const head& packet);
  void inspect(const head& packet);
  void inspect_first(const head& packet);
  void inspect_prepare(const head& packet);
  void inspect_auth(const head& packet);
  void inspect_definitions_end(const head& packet);
  void inspect_error(const head& packet);
  void begin_result(const head& packet);
  void begin_definitions(std::uint64_t count);
  void end_definitions();
  void follow_definitions();
  void finish_result(const head& packet);
  void end_response(std::uint16_t error);
  event finish_packet();

  [[nodiscard]] bool ends_rows(const head& packet) const;
  [[nodiscard]] bool has_ok_layout(const head& packet) const;
  [[nodiscard]] bool is_ok(const head& packet) const;
  [[nodiscard]] bool carries_state(const head& packet) const;
  /// The client is to see another statement id in it.
  [[nodiscard]] bool renumbers(const head& packet) const;
  /// The client is not to see all of an OK's session state.
  [[nodiscard]] bool cuts_state() const;
  [[nodiscard]] bool client_tracks() const;

  capabilities backend_ = 0;
  capabilities client_ = 0;
  bytes held_;       // the beginning of a packet, too little to judge it, or an OK with state that is not whole yet
  bytes passed_;     // what was held, and
  bytes rewritten_;  // what the client gets in place of an OK: both only for the step that gave them out
  std::uint64_t definitions_left_ = 0;
  std::uint64_t insert_id_ = 0;
  std::uint32_t prepared_id_ = 0;
  std::uint32_t shown_id_ = 0;
  std::uint16_t prepared_parameters_ = 0;
  std::uint32_t body_left_ = 0;  // bytes of the present packet (header included) that have not come yet
  status_flags status_ = status_autocommit;
  std::uint16_t last_error_ = 0;
  std::uint16_t columns_after_parameters_ = 0;
  state state_ = state::nothing;
  event pending_ = event::none;  // reported when the present packet has passed
  bool continues_ = false;       // the present packet is full: the next one belongs to the same payload
  bool begun_ = false;           // something of the oldest command's response has come
  bool narrows_ = false;
  bool result_set_ = false;
  bool definitions_omitted_ = false;  // the server left them out (optional or cached metadata)
  std::uint8_t outstanding_first_ = 0;
  std::uint8_t outstanding_count_ = 0;
  std::array<command, outstanding_max> outstanding_{};
};

}  // namespace sessiongate::protocol
