// The prepared statements that a client holds on its server session ("COM_STMT_PREPARE"), kept so that they can be
// prepared again on another one. Belongs to one relay, on its worker; only sessions that can get a new server session
// have it.
//
// A client goes on with the ids that it was given. As long as the server session is the one that gave them they are the
// server's; behind a recovery each command's id is translated (translate()), and what is prepared from then on is shown
// to the client under a number of the proxy's (next_shown()).
#pragma once

#include "protocol/bytes.hpp"
#include "session/tracked_variables.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

/// What decides how a statement's text is understood, apart from the text.
struct preparing_state {
  std::shared_ptr<const std::string> database;
  session::tracked_snapshot variables;
  std::uint32_t unseen_changes = 0;  // recovery_watch::unseen_changes() then
};

class prepared_statements {
 public:
  struct statement {
    std::string text;
    preparing_state under;
    std::uint32_t server_id = 0;
    std::uint16_t parameters = 0;
    protocol::bytes types{};      // of its parameters, as the client has told them last
    std::size_t types_count = 0;  // how many those are
    bool types_missing = false;   // the server has not been told them
    bool has_long_data = false;   // that the next execution uses up
    bool has_open_cursor = false;
  };
  using by_client_id = std::map<std::uint32_t, statement>;

  [[nodiscard]] const by_client_id& all() const { return all_; }
  [[nodiscard]] std::size_t text_size() const { return text_size_; }  // bytes

  /// The server has prepared `text` under this number.
  void add(std::uint32_t server_id, std::string text, preparing_state under, std::uint16_t parameters = 0);
  void remove(std::uint32_t client_id);
  /// The client has none any more. Ids that it has had are not given again.
  void clear();

  /// Of the id that a command names; null when there is none. protocol::last_prepared_statement is the last one.
  [[nodiscard]] statement* find(std::uint32_t client_id);

  /// The client's ids are not the server's any more.
  [[nodiscard]] bool translates() const { return translates_; }
  /// What the server knows a statement by; zero, which no statement has, for one that is not there.
  [[nodiscard]] std::uint32_t translate(std::uint32_t client_id);
  /// The number of the next statement for the client; zero: the server's.
  [[nodiscard]] std::uint32_t next_shown() const { return translates_ ? last_shown_ + 1 : 0; }

  /// On another server session it has this number now.
  void moved(std::uint32_t client_id, std::uint32_t server_id);
  /// All have been moved. A client may name one that it has closed, which must not be another one now.
  void begin_translating() { translates_ = last_shown_ != 0; }

 private:
  by_client_id all_;
  std::size_t text_size_ = 0;
  std::uint32_t last_ = 0;        // client id of the last one prepared
  std::uint32_t last_shown_ = 0;  // the highest client id so far
  bool translates_ = false;
};

}  // namespace sessiongate::proxy
