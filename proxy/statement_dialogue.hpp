// A list of commands to send to a server one after the other, most of them statements, and what is done with each
// answer: which one comes next may depend on it. No I/O: whoever owns it sends next() and gives the packets of the
// answer to take(), until next() has nothing more. Belongs to one recovery, on its session's worker.
#pragma once

#include "proxy/text_answer.hpp"

#include "session/recovery_obstacle.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

/// Why a session's state cannot be read or rebuilt.
struct recovery_failure {
  session::recovery_obstacle obstacle = session::recovery_obstacle::none;
  std::string detail;  // a variable's name, the server's words; may be empty
};

class statement_dialogue {
 public:
  using reader = std::function<void(const text_answer&)>;

  explicit statement_dialogue(protocol::capabilities negotiated) : negotiated_(negotiated) {}

  /// The command to send, as a payload that is valid until take(); none at the end.
  [[nodiscard]] std::optional<protocol::bytes_view> next() const;
  /// Its answer: all packets with their headers; none for a command that has no response.
  void take(protocol::bytes_view packets);

  /// An obstacle of none: there was no failure.
  [[nodiscard]] const recovery_failure& failure() const { return failure_; }
  [[nodiscard]] bool failed() const { return failure_.obstacle != session::recovery_obstacle::none; }

  /// What is asked while an answer is read comes before what was on the list already. `take` gets errors, too.
  void ask(std::string_view statement, reader take);
  /// A SELECT of texts with one parameter, which is sent as clients send theirs: prepared, and the value apart.
  void ask_prepared(std::string_view statement, std::string_view parameter, reader take);
  /// When everything before it has been answered. Not for the first place of the list.
  void then(std::function<void()> step);
  /// The first failure stays; nothing more is asked.
  void fail(session::recovery_obstacle obstacle, std::string detail);

 private:
  struct step {
    protocol::bytes command;  // empty: none, only `then`
    std::function<void(protocol::bytes_view packets)> take;
    std::function<void()> then;
  };

  void send(protocol::bytes command, protocol::row_format rows, reader take);
  void execute(protocol::bytes_view prepared, std::string_view parameter, reader take);
  void run_until_command();
  template <class Run>
  void run_first(Run run);

  protocol::capabilities negotiated_;
  std::deque<step> steps_;
  recovery_failure failure_;
};

}  // namespace sessiongate::proxy
