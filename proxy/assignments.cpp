#include "proxy/assignments.hpp"

#include "admin/sql_lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sessiongate::proxy {

namespace {

using admin::equals_ignoring_case;
using admin::token;
using admin::token_kind;

bool is_symbol(const token& each, std::string_view symbol) {
  return each.kind == token_kind::symbol && each.text == symbol;
}

bool is_word(const token& each, std::string_view upper) {
  return each.kind == token_kind::word && equals_ignoring_case(each.text, upper);
}

template <std::size_t Size>
bool is_one_of(const token& each, const std::array<std::string_view, Size>& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return is_word(each, word); });
}

/// Walks over the tokens of a text, and knows whether two stand side by side.
class token_walk {
 public:
  explicit token_walk(std::string_view text) : rest_(text) { next(); }

  [[nodiscard]] const token& now() const { return now_; }
  [[nodiscard]] bool at_end() const { return now_.kind == token_kind::end; }
  /// Neither white space nor a comment is between this token and the one before it. Quoted tokens count from their
  /// opening quote.
  [[nodiscard]] bool adjacent() const { return adjacent_; }

  void next() {
    auto behind = rest_;
    const auto before = behind.size();
    admin::skip_blank(behind);
    adjacent_ = behind.size() == before;
    now_ = admin::next_token(rest_);
  }
  bool take(std::string_view symbol) {
    const bool taken = is_symbol(now_, symbol);
    if (taken) next();
    return taken;
  }

 private:
  std::string_view rest_;
  token now_;
  bool adjacent_ = false;
};

bool is_name_part(const token& each) {
  return each.kind == token_kind::word || each.kind == token_kind::number || is_symbol(each, ".") ||
         (each.kind == token_kind::symbol && each.text.size() > 1);  // 1a, 2.b
}

/// The name behind an @ that has just been taken; empty when there is none.
/// A quoted name has its quotes doubled inside. Which ones those are is told by what is doubled.
std::string without_doubled_quotes(std::string_view quoted) {
  std::string name(quoted);
  for (const std::string_view pair : {"''", "\"\"", "``"}) {
    auto at = name.find(pair);
    if (at == std::string::npos) continue;
    for (; at != std::string::npos; at = name.find(pair, at + 1)) name.erase(at, 1);
    break;
  }
  return name;
}

std::string take_name(token_walk& at) {
  std::string name;
  if (!at.adjacent()) return name;
  if (at.now().kind == token_kind::string || at.now().kind == token_kind::name) {
    name = without_doubled_quotes(at.now().text);
    at.next();
    return name;
  }
  while (is_name_part(at.now()) && at.adjacent()) {
    name += at.now().text;
    at.next();
  }
  return name;
}

bool is_numeral(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.+-eExXabcdefABCDEF") == std::string_view::npos;
}

/// One token as a literal; for a string with its quotes, which a user variable shows.
std::optional<std::string> to_literal(const token& value, bool quoted) {
  constexpr std::array<std::string_view, 3> words{"NULL", "TRUE", "FALSE"};
  if (value.kind == token_kind::number) return std::string(value.text);
  if (value.kind == token_kind::string)
    return quoted ? value.quote + std::string(value.text) + value.quote : std::string(value.text);
  if (is_one_of(value, words)) return std::string(value.text);
  if (value.kind == token_kind::symbol && value.text.size() > 1 && is_numeral(value.text))
    return std::string(value.text);
  return std::nullopt;
}

class reader {
 public:
  reader(std::string_view text, bool complete) : at_(text), complete_(complete) {}

  assignments read() {
    while (!at_.at_end()) {
      read_statement();
      if (at_.now().kind == token_kind::broken || at_.now().kind == token_kind::executable) {
        found_.understood = false;
        break;
      }
      while (at_.take(";")) {
      }
    }
    if (!complete_) found_.understood = false;
    return std::move(found_);
  }

 private:
  void read_statement() {
    if (is_word(at_.now(), "SET")) {
      at_.next();
      read_set();
    } else if (is_word(at_.now(), "USE")) {
      at_.next();
      read_use();
    } else {
      read_other();
    }
  }

  [[nodiscard]] bool at_statement_end() const {
    return at_.at_end() || is_symbol(at_.now(), ";") || at_.now().kind == token_kind::broken ||
           at_.now().kind == token_kind::executable;
  }

  void skip_statement() {
    while (!at_statement_end()) at_.next();
  }

  void read_use() {
    const auto name = at_.now();
    const bool plain = name.kind == token_kind::word || name.kind == token_kind::name;
    if (plain) at_.next();
    const bool whole = plain && at_statement_end() && (complete_ || !at_.at_end());
    found_.all.push_back(
        {assignment::target::database, {}, whole ? std::optional(std::string(name.text)) : std::nullopt});
    skip_statement();
  }

  void read_set() {
    constexpr std::array<std::string_view, 6> no_variables{"PASSWORD", "ROLE",      "DEFAULT",
                                                           "RESOURCE", "STATEMENT", "TRANSACTION"};
    if (is_one_of(at_.now(), no_variables)) {
      if (!is_word(at_.now(), "PASSWORD")) found_.understood = false;
      return skip_statement();
    }
    if (is_word(at_.now(), "NAMES") || is_word(at_.now(), "CHARACTER") || is_word(at_.now(), "CHARSET"))
      return read_character_set();
    do read_item();
    while (at_.take(","));
    skip_statement();
  }

  /// Told as what it does. The connection's collation is its character set's default behind SET NAMES alone; the others
  /// of the kind take the database's, or the server's.
  void read_character_set() {
    const bool names = is_word(at_.now(), "NAMES");
    if (is_word(at_.now(), "CHARACTER")) at_.next();
    at_.next();
    const auto name = at_.now();
    at_.next();
    std::optional<std::string> collation;
    const bool collates = is_word(at_.now(), "COLLATE");
    if (collates) {
      at_.next();
      collation = std::string(at_.now().text);
      at_.next();
    }
    const bool plain = !is_word(name, "DEFAULT") && complete_ && at_statement_end();
    const auto value = plain ? std::optional(std::string(name.text)) : std::nullopt;
    if (!plain) collation.reset();
    add_system("character_set_client", value);
    add_system("character_set_connection", names ? value : std::nullopt);
    add_system("character_set_results", value);
    if (!names || !plain || collates) add_system("collation_connection", collation);
    if (!plain || collates) found_.all.push_back({assignment::target::names_collation, {}, std::move(collation)});
    skip_value();
    if (!at_statement_end()) found_.understood = false;  // SET NAMES latin1, @a = 1
    skip_statement();
  }

  void add_system(std::string name, std::optional<std::string> value) {
    found_.all.push_back({assignment::target::system_variable, std::move(name), std::move(value)});
  }

  void read_item() {
    if (at_.take("@")) {
      if (is_symbol(at_.now(), "@") && at_.adjacent()) {
        at_.next();
        return read_system(take_name(at_), true);
      }
      return read_value(assignment::target::user_variable, take_name(at_));
    }
    constexpr std::array<std::string_view, 3> global{"GLOBAL", "PERSIST", "PERSIST_ONLY"};
    constexpr std::array<std::string_view, 2> session{"SESSION", "LOCAL"};
    std::string scope;
    if (is_one_of(at_.now(), global)) {
      scope = "global.";
      at_.next();
    } else if (is_one_of(at_.now(), session)) {
      at_.next();
      if (is_word(at_.now(), "TRANSACTION")) return read_transaction();
    }
    if (at_.now().kind != token_kind::word && at_.now().kind != token_kind::name) return give_up();
    auto name = scope + std::string(at_.now().text);
    at_.next();
    while (is_name_part(at_.now()) && at_.adjacent()) {  // MariaDB's names with a dot
      name += at_.now().text;
      at_.next();
    }
    read_system(std::move(name), false);
  }

  /// SET SESSION TRANSACTION: the variables that it sets, as MariaDB reports them.
  void read_transaction() {
    while (!at_statement_end()) {
      at_.next();
      if (is_word(at_.now(), "ISOLATION")) add_system("tx_isolation", std::nullopt);
      if (is_word(at_.now(), "ONLY") || is_word(at_.now(), "WRITE")) add_system("tx_read_only", std::nullopt);
    }
  }

  /// `name` may have its scope in front.
  void read_system(std::string name, bool behind_at) {
    const auto dot = name.find('.');
    const auto scope = name.substr(0, dot == std::string::npos ? 0 : dot);
    const bool session = equals_ignoring_case(scope, "SESSION") || equals_ignoring_case(scope, "LOCAL");
    const bool global = equals_ignoring_case(scope, "GLOBAL") || equals_ignoring_case(scope, "PERSIST") ||
                        equals_ignoring_case(scope, "PERSIST_ONLY");
    if (session) name.erase(0, dot + 1);
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    read_value(assignment::target::system_variable, std::move(name));
    if (found_.all.empty()) return;
    if (global) return found_.all.pop_back();
    auto& read = found_.all.back();
    read.unscoped = behind_at && !session;
    // The server's own may have another collation than its character set's default.
    const bool collated = equals_ignoring_case(read.name, "CHARACTER_SET_CLIENT") ||
                          equals_ignoring_case(read.name, "CHARACTER_SET_RESULTS");
    if (collated && !read.value) found_.all.push_back({assignment::target::names_collation, {}, std::nullopt});
  }

  void read_value(assignment::target what, std::string name) {
    if (name.empty()) return give_up();
    const bool colon = at_.take(":");
    if (!at_.take("=")) {
      found_.all.push_back({what, std::move(name), std::nullopt});
      return colon ? skip_value() : give_up();
    }
    const auto value = at_.now();
    std::size_t tokens = 0;
    for (int depth = 0; !at_statement_end() && (depth > 0 || !is_symbol(at_.now(), ",")); at_.next(), ++tokens) {
      if (is_symbol(at_.now(), "(")) ++depth;
      if (is_symbol(at_.now(), ")")) --depth;
      if (is_symbol(at_.now(), ":")) found_.understood = false;  // SET a = (@b := 1)
    }
    const bool ends_here = at_statement_end() && at_.now().kind != token_kind::broken;
    const bool whole = tokens == 1 && (is_symbol(at_.now(), ",") || (ends_here && (complete_ || !at_.at_end())));
    auto literal = whole ? to_literal(value, what == assignment::target::user_variable) : std::nullopt;
    if (whole && !literal && what == assignment::target::system_variable && value.kind == token_kind::word &&
        !is_word(value, "DEFAULT"))
      literal = std::string(value.text);  // SET sql_mode = ANSI, SET autocommit = ON
    found_.all.push_back({what, std::move(name), std::move(literal)});
  }

  void skip_value() {
    while (!at_statement_end() && !is_symbol(at_.now(), ",")) at_.next();
  }

  void give_up() {
    found_.understood = false;
    skip_value();
  }

  /// SELECT @a := 1, … and … INTO @a, @b.
  void read_other() {
    bool into = false;
    while (!at_statement_end()) {
      if (is_word(at_.now(), "INTO")) {
        into = true;
        at_.next();
      } else if (!at_.take("@")) {
        if (!is_symbol(at_.now(), ",")) into = false;
        at_.next();
      } else if (is_symbol(at_.now(), "@") && at_.adjacent()) {
        at_.next();
        take_name(at_);
      } else {
        auto name = take_name(at_);
        const bool assigned = is_symbol(at_.now(), ":") && followed_by_equals();
        if (!name.empty() && (into || assigned))
          found_.all.push_back({assignment::target::user_variable, std::move(name), std::nullopt});
      }
    }
  }

  bool followed_by_equals() {
    at_.next();
    return is_symbol(at_.now(), "=") && at_.adjacent();
  }

  token_walk at_;
  bool complete_;
  assignments found_;
};

}  // namespace

assignments find_assignments(std::string_view text, bool complete) {
  return reader(text, complete).read();
}

}  // namespace sessiongate::proxy
