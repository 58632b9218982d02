#include "proxy/statement_opening.hpp"

#include "admin/sql_lexer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>

namespace sessiongate::proxy {

namespace {

/// Walks over the words of a text; comments and brackets around them are skipped.
class word_walk {
 public:
  explicit word_walk(std::string_view rest) : rest_(rest) {}

  /// The next word; empty at the end of the statement and before anything that is no word.
  std::string_view next() {
    skip();
    std::size_t size = 0;
    while (size < rest_.size() && is_name_character(rest_[size])) ++size;
    const auto word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }
  /// Nothing is left of the statement; only behind next().
  [[nodiscard]] bool at_end() const { return rest_.empty() || rest_.front() == ';'; }
  /// A comment on the way was executable, or did not end.
  [[nodiscard]] bool is_hidden() const { return hidden_; }

  /// Any of the words is in the rest of the statement, quoted or not.
  bool has_any(std::initializer_list<std::string_view> wanted) {
    while (!rest_.empty() && rest_.front() != ';') {
      const auto word = next();
      if (std::ranges::any_of(wanted, [&](std::string_view each) { return is_same_word(word, each); })) return true;
      if (word.empty() && !at_end()) rest_.remove_prefix(1);
    }
    return false;
  }

 private:
  void skip() {
    while (!rest_.empty()) {
      if (is_between_words(rest_.front()) || rest_.front() == '(') {
        rest_.remove_prefix(1);
      } else if (const auto size = comment_size(rest_); size > 0) {
        hidden_ = hidden_ || is_executable(rest_.substr(0, size));
        rest_.remove_prefix(size);
      } else {
        return;
      }
    }
  }

  std::string_view rest_;
  bool hidden_ = false;
};

using reader = void (*)(word_walk&, statement_opening&);

void read_harmless(word_walk& /*at*/, statement_opening& /*out*/) {}

template <statement_hazards Found>
void read_hazard(word_walk& /*at*/, statement_opening& out) {
  out.found |= Found;
}

bool is_any_of(std::string_view word, std::initializer_list<std::string_view> all) {
  return std::ranges::any_of(all, [&](std::string_view each) { return is_same_word(word, each); });
}

/// BEGIN [WORK]; what else may stand behind it is a block of statements.
void read_begin(word_walk& at, statement_opening& out) {
  auto word = at.next();
  if (is_same_word(word, "WORK")) word = at.next();
  out.found |= word.empty() && at.at_end() ? hazard::begins_transaction : hazard::hidden;
}

/// A server that is read-only refuses START TRANSACTION READ WRITE.
void read_start(word_walk& at, statement_opening& out) {
  if (is_same_word(at.next(), "TRANSACTION") && !at.has_any({"WRITE"})) out.found |= hazard::begins_transaction;
}

/// A stored program that this session makes may be newer than what is known of the server's.
void read_create(word_walk& at, statement_opening& out) {
  auto word = at.next();
  if (is_same_word(word, "OR")) {
    at.next();
    word = at.next();
  }
  if (is_same_word(word, "TEMPORARY")) {
    out.found |= hazard::temporary_table;
  } else if (!is_any_of(word, {"TABLE", "INDEX", "UNIQUE", "FULLTEXT", "SPATIAL", "DATABASE", "SCHEMA", "USER", "ROLE",
                               "SEQUENCE", "SERVER", "TABLESPACE", "LOGFILE", "UNDO"})) {
    out.found |= hazard::hidden;
  }
}

void read_drop(word_walk& at, statement_opening& out) {
  if (is_same_word(at.next(), "PREPARE")) out.found |= hazard::text_prepared;
}

void read_flush(word_walk& at, statement_opening& out) {
  auto again = at;
  if (at.has_any({"LOCK", "EXPORT"})) out.found |= hazard::table_lock;
  if (again.has_any({"STATUS"})) out.found |= hazard::status_reset;
}

void read_get(word_walk& /*at*/, statement_opening& out) {
  out.found |= hazard::reads_warnings;
  out.fills_at = true;
}

void read_load(word_walk& /*at*/, statement_opening& out) {
  out.fills_at = true;
}

void read_set(word_walk& at, statement_opening& out) {
  auto word = at.next();
  if (is_any_of(word, {"SESSION", "LOCAL", "GLOBAL"})) {
    word = at.next();
    out.sets = !is_same_word(word, "TRANSACTION");  // the server reports this one
    out.fills_at = !out.sets;
  } else if (is_same_word(word, "TRANSACTION")) {
    out.found |= hazard::next_transaction;
  } else if (is_any_of(word, {"ROLE", "DEFAULT"})) {
    out.found |= hazard::role;
  } else {
    out.sets = true;  // PASSWORD, STATEMENT and RESOURCE are none that find_assignments() understands
    if (is_any_of(word, {"PASSWORD", "STATEMENT", "RESOURCE"})) out.found |= hazard::hidden;
  }
}

void read_show(word_walk& at, statement_opening& out) {
  auto again = at;
  if (at.has_any({"WARNINGS", "ERRORS"})) out.found |= hazard::reads_warnings;
  if (again.has_any({"PROFILE", "PROFILES"})) out.found |= hazard::reads_profile;
}

/// A word's first eight letters, so that one comparison does for most.
constexpr std::uint64_t key_of(std::string_view word) {
  std::uint64_t key = 0;
  for (std::size_t each = 0; each < std::min<std::size_t>(word.size(), 8); ++each) {
    key = key << 8U | static_cast<std::uint8_t>(admin::to_upper(word[each]));
  }
  return key;
}

struct known_opening {
  constexpr known_opening(std::string_view upper, reader function) : key(key_of(upper)), word(upper), read(function) {}

  std::uint64_t key;
  std::string_view word;
  reader read;
};

// The frequent ones first. What is not here is hidden: CALL, EXECUTE, BINLOG, blocks of statements, what servers learn.
constexpr std::array openings{
    known_opening("SELECT", read_harmless),
    known_opening("INSERT", read_harmless),
    known_opening("UPDATE", read_harmless),
    known_opening("DELETE", read_harmless),
    known_opening("SET", read_set),
    known_opening("COMMIT", read_harmless),
    known_opening("BEGIN", read_begin),
    known_opening("START", read_start),
    known_opening("ROLLBACK", read_harmless),
    known_opening("REPLACE", read_harmless),
    known_opening("SHOW", read_show),
    known_opening("USE", read_harmless),
    known_opening("WITH", read_harmless),
    known_opening("SAVEPOINT", read_harmless),
    known_opening("RELEASE", read_harmless),
    known_opening("CREATE", read_create),
    known_opening("DROP", read_drop),
    known_opening("ALTER", read_harmless),
    known_opening("TRUNCATE", read_harmless),
    known_opening("DESCRIBE", read_harmless),
    known_opening("DESC", read_harmless),
    known_opening("EXPLAIN", read_harmless),
    known_opening("DO", read_harmless),
    known_opening("VALUES", read_harmless),
    known_opening("TABLE", read_harmless),
    known_opening("LOAD", read_load),
    known_opening("KILL", read_harmless),
    known_opening("GET", read_get),
    known_opening("PREPARE", read_hazard<hazard::text_prepared>),
    known_opening("DEALLOCATE", read_hazard<hazard::text_prepared>),
    known_opening("LOCK", read_hazard<hazard::table_lock>),
    known_opening("UNLOCK", read_hazard<hazard::table_lock>),
    known_opening("BACKUP", read_hazard<hazard::table_lock>),
    known_opening("HANDLER", read_hazard<hazard::handler>),
    known_opening("XA", read_hazard<hazard::xa>),
    known_opening("FLUSH", read_flush),
    known_opening("ANALYZE", read_harmless),
    known_opening("CHECK", read_harmless),
    known_opening("CHECKSUM", read_harmless),
    known_opening("OPTIMIZE", read_harmless),
    known_opening("REPAIR", read_harmless),
    known_opening("RENAME", read_harmless),
    known_opening("GRANT", read_harmless),
    known_opening("REVOKE", read_harmless),
    known_opening("HELP", read_harmless),
    known_opening("CACHE", read_harmless),
    known_opening("RESET", read_harmless),
    known_opening("PURGE", read_harmless),
    known_opening("CHANGE", read_harmless),
    known_opening("STOP", read_harmless),
    known_opening("SIGNAL", read_harmless),
    known_opening("RESIGNAL", read_harmless),
    known_opening("INSTALL", read_harmless),
    known_opening("UNINSTALL", read_harmless),
    known_opening("SHUTDOWN", read_harmless),
};

const known_opening* find_opening(std::string_view word) {
  const auto key = key_of(word);
  const auto* const found = std::ranges::find_if(
      openings, [&](const known_opening& each) { return each.key == key && is_same_word(word, each.word); });
  return found == openings.end() ? nullptr : found;
}

}  // namespace

std::size_t comment_size(std::string_view rest) {
  if (rest.starts_with("/*")) {
    const auto end = rest.find("*/", 2);
    return end == std::string_view::npos ? rest.size() : end + 2;
  }
  const bool dashes = rest.starts_with("--") && (rest.size() == 2 || is_between_words(rest[2]));
  return dashes || rest.starts_with('#') ? std::min(rest.find('\n'), rest.size()) : 0;
}

bool is_executable(std::string_view comment) {
  if (!comment.starts_with("/*")) return false;
  const bool ends = comment.size() >= 4 && comment.ends_with("*/");
  return !ends || comment[2] == '!' || ((comment[2] | 0x20) == 'm' && comment[3] == '!');
}

bool is_same_word(std::string_view word, std::string_view upper) {
  return admin::equals_ignoring_case(word, upper);
}

statement_opening read_opening(std::string_view rest) {
  word_walk at(rest);
  statement_opening out;
  const auto word = at.next();
  out.has_text = !word.empty() || !at.at_end();
  if (at.is_hidden()) out.found |= hazard::hidden;
  if (!out.has_text) return out;
  if (const auto* const known = find_opening(word)) {
    known->read(at, out);
  } else {
    out.found |= hazard::hidden;
  }
  if (at.is_hidden()) out.found |= hazard::hidden;
  return out;
}

}  // namespace sessiongate::proxy
