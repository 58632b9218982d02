#include "proxy/statement_hazards.hpp"

#include "proxy/assignments.hpp"
#include "proxy/statement_opening.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace sessiongate::proxy {

namespace {

using session::recovery_obstacle;

constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

struct named_hazard {
  std::string_view name;
  statement_hazards found;
};

// Functions, by what stands before a parenthesis. LAST_INSERT_ID() without an argument only reads.
constexpr std::array functions{
    named_hazard{"GET_LOCK", hazard::named_lock},
    named_hazard{"RELEASE_LOCK", hazard::named_lock},
    named_hazard{"RELEASE_ALL_LOCKS", hazard::named_lock},
    named_hazard{"SERVICE_GET_READ_LOCKS", hazard::named_lock},
    named_hazard{"SERVICE_GET_WRITE_LOCKS", hazard::named_lock},
    named_hazard{"VERSION_TOKENS_LOCK_SHARED", hazard::named_lock},
    named_hazard{"VERSION_TOKENS_LOCK_EXCLUSIVE", hazard::named_lock},
    named_hazard{"LAST_INSERT_ID", hazard::last_insert_id | hazard::reads_last_insert_id},
    named_hazard{"NEXTVAL", hazard::sequence},
    named_hazard{"SETVAL", hazard::sequence},
    named_hazard{"LASTVAL", hazard::reads_sequence},
    named_hazard{"ROW_COUNT", hazard::reads_row_count},
    named_hazard{"FOUND_ROWS", hazard::reads_found_rows},
};

// Names of variables behind @@.
constexpr std::array variables_read{
    named_hazard{"WARNING_COUNT", hazard::reads_warnings},
    named_hazard{"ERROR_COUNT", hazard::reads_warnings},
    named_hazard{"LAST_INSERT_ID", hazard::reads_last_insert_id},
    named_hazard{"IDENTITY", hazard::reads_last_insert_id},
};

// Variables that change by themselves, so what they were set to is not what they are.
constexpr std::array variables_set{
    named_hazard{"INSERT_ID", hazard::one_shot},         named_hazard{"LAST_INSERT_ID", hazard::last_insert_id},
    named_hazard{"IDENTITY", hazard::last_insert_id},    named_hazard{"RAND_SEED1", hazard::one_shot},
    named_hazard{"RAND_SEED2", hazard::one_shot},        named_hazard{"TIMESTAMP", hazard::one_shot},
    named_hazard{"GTID_NEXT", hazard::one_shot},         named_hazard{"GTID_SEQ_NO", hazard::one_shot},
    named_hazard{"WSREP_GTID_SEQ_NO", hazard::one_shot}, named_hazard{"PSEUDO_THREAD_ID", hazard::one_shot},
};

// SET @@name without a scope: for the next transaction alone.
constexpr std::array for_next_transaction{
    named_hazard{"TX_ISOLATION", hazard::next_transaction},
    named_hazard{"TX_READ_ONLY", hazard::next_transaction},
    named_hazard{"TRANSACTION_ISOLATION", hazard::next_transaction},
    named_hazard{"TRANSACTION_READ_ONLY", hazard::next_transaction},
};

template <std::size_t Size>
statement_hazards find_in(const std::array<named_hazard, Size>& all, std::string_view word) {
  const auto found = std::ranges::find_if(all, [&](const named_hazard& each) { return is_same_word(word, each.name); });
  return found == all.end() ? 0 : found->found;
}

statement_hazards hazards_of_assignments(std::string_view text, bool complete) {
  const auto read = find_assignments(text, complete);
  statement_hazards found = read.understood ? 0 : hazard::hidden;
  for (const auto& each : read.all) {
    if (each.what == assignment::target::user_variable) {
      if (!each.value) found |= hazard::user_variable;
    } else if (each.what == assignment::target::system_variable) {
      found |= find_in(variables_set, each.name);
      if (each.unscoped) found |= find_in(for_next_transaction, each.name);
    }
  }
  return found;
}

// --- text whose quotes cannot be trusted -----------------------------------------------------------------------------

bool contains(std::string_view text, std::string_view upper) {
  return !std::ranges::search(text, upper, [](char in_text, char wanted) {
            return is_same_word(std::string_view(&in_text, 1), std::string_view(&wanted, 1));
          }).empty();
}

/// Where a quote ends depends on the session's sql_mode or character set: nothing counts as quoted.
statement_hazards hazards_without_quotes(std::string_view text) {
  statement_hazards found = 0;
  for (const auto& each : functions) {
    if (contains(text, each.name)) found |= each.found;
  }
  for (const auto& each : variables_read) {
    if (contains(text, each.name)) found |= each.found;
  }
  const bool has_variable = text.find('@') != std::string_view::npos;
  if (has_variable && (contains(text, "INTO") || contains(text, ":=") || contains(text, "LOAD")))
    found |= hazard::user_variable;
  if (contains(text, "NEXT")) found |= hazard::sequence;
  if (contains(text, "PREVIOUS") || contains(text, "CURRVAL")) found |= hazard::reads_sequence;
  const auto semicolon = text.find(';');
  const bool several = semicolon != std::string_view::npos && read_opening(text.substr(semicolon + 1)).has_text;
  if (several || contains(text, "/*!") || contains(text, "/*M!") || contains(text, "SYS")) found |= hazard::hidden;
  return found;
}

// --- the pass over the text ------------------------------------------------------------------------------------------

/// The bytes that may begin, end or be in the middle of something that matters. X is in NEXT, V in PREVIOUS and
/// CURRVAL.
constexpr std::array<bool, 256> make_stops() {
  std::array<bool, 256> stops{};
  for (const char each : std::string_view("'\"`#-/@:;(.xXvV")) stops[static_cast<unsigned char>(each)] = true;
  return stops;
}
constexpr auto stops = make_stops();

/// In which quotes a backslash escapes. In double quotes it does not under ANSI_QUOTES.
struct escape_rules {
  bool in_single = true;
  bool in_double = true;

  [[nodiscard]] bool in(char quote) const { return quote == '"' ? in_double : in_single; }
};

class hazard_scan {
 public:
  hazard_scan(std::string_view text, escape_rules escapes) : text_(text), escapes_(escapes) {}

  statement_hazards run() {
    open_statement(0);
    while (at_ < text_.size()) {
      if (stops[static_cast<unsigned char>(text_[at_])])
        look();
      else
        ++at_;
    }
    if (untrusted_) found_ |= hazards_without_quotes(text_);
    return found_;
  }
  /// There is a SET among the statements.
  [[nodiscard]] bool sets() const { return sets_; }
  /// It means something else under ANSI_QUOTES.
  [[nodiscard]] bool in_doubt() const { return in_doubt_; }

 private:
  void open_statement(std::size_t place) {
    const auto opening = read_opening(text_.substr(place));
    found_ |= opening.found;
    is_set_ = opening.sets;
    fills_at_ = opening.fills_at;
    // What stands behind another statement is not looked for where assignments are kept track of.
    if (opening.sets && place > 0 && !sets_) found_ |= hazard::hidden;
    sets_ = sets_ || opening.sets;
  }

  void look() {
    switch (text_[at_]) {
      case '\'':
      case '"':
        return skip_string(text_[at_]);
      case '`':
        return skip_name();
      case '#':
      case '-':
      case '/':
        return skip_comment();
      case '@':
        look_at_variable();
        break;
      case ':':
        if (!is_set_ && text_.substr(at_).starts_with(":=")) found_ |= hazard::user_variable;
        break;
      case ';':
        open_statement(at_ + 1);
        break;
      case '(':
        look_at_call();
        break;
      case '.':
        if (is_same_word(word_before(at_), "SYS")) found_ |= hazard::hidden;
        break;
      default:
        look_at_letter();
        break;
    }
    ++at_;
  }

  void skip_string(char quote) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\' && escapes_.in(quote)) {
        skip_backslashes(quote);
      } else if (text_[at_] == quote) {
        if (!is_at(at_ + 1, quote)) break;
        ++at_;
      }
    }
    end_quoted();
  }

  /// Stands at the last byte that the backslashes take with them.
  void skip_backslashes(char quote) {
    const auto first = at_;
    while (is_at(at_, '\\')) ++at_;
    const bool escaping = (at_ - first) % 2 != 0 && is_at(at_, quote);
    if (is_at(at_, quote) && is_high(text_[first - 1])) untrusted_ = true;  // may be one character with the backslash
    if (escaping && quote == '"') in_doubt_ = true;
    if (!escaping) --at_;
  }

  void skip_name() {
    if (at_ > 0 && is_high(text_[at_ - 1])) untrusted_ = true;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '`') continue;
      if (is_high(text_[at_ - 1])) untrusted_ = true;
      if (!is_at(at_ + 1, '`')) break;
      ++at_;
    }
    end_quoted();
  }

  void end_quoted() {
    if (at_ == text_.size())
      found_ |= hazard::hidden;
    else
      ++at_;
  }

  void skip_comment() {
    const auto size = comment_size(text_.substr(at_));
    if (size == 0) {
      ++at_;
      return;
    }
    if (is_executable(text_.substr(at_, size))) found_ |= hazard::hidden;
    comment_begin_ = begin_of_blank(at_);
    at_ += size;
    comment_end_ = at_;
  }

  void look_at_variable() {
    if (!is_at(at_ + 1, '@')) {
      if (fills_at_ || is_same_word(word_before(at_), "INTO")) found_ |= hazard::user_variable;
      return;
    }
    at_ += 1;
    std::array<char, 64> name{};
    std::size_t size = 0;
    for (auto each = at_ + 1; each < text_.size() && size < name.size(); ++each) {
      const char c = text_[each];
      if (is_name_character(c))
        name[size++] = c;
      else if (c != '.' && c != '`' && !is_between_words(c))
        break;
    }
    for (const auto& each : variables_read) {
      if (contains({name.data(), size}, each.name)) found_ |= each.found;
    }
  }

  void look_at_call() {
    const auto word = word_before(at_);
    if (word.size() < 6) return;
    auto found = find_in(functions, word);
    if (found == 0) return;
    if ((found & hazard::last_insert_id) != 0 && is_without_argument()) found = hazard::reads_last_insert_id;
    found_ |= found;
  }

  [[nodiscard]] bool is_without_argument() const {
    auto rest = text_.substr(at_ + 1);
    while (!rest.empty()) {
      if (rest.front() == ')') return true;
      const auto size = is_between_words(rest.front()) ? 1 : comment_size(rest);
      if (size == 0) return false;
      rest.remove_prefix(size);
    }
    return false;
  }

  /// X and V.
  void look_at_letter() {
    const auto word = word_around(at_);
    if (is_same_word(word, "PREVIOUS") || is_same_word(word, "CURRVAL"))
      found_ |= hazard::reads_sequence;
    else if (is_same_word(word, "NEXTVAL") || (is_same_word(word, "NEXT") && next_letter(at_ + 2) == 'V'))
      found_ |= hazard::sequence;
  }

  /// The first letter of the word behind `from`, in upper case.
  [[nodiscard]] char next_letter(std::size_t from) const {
    auto rest = text_.substr(std::min(from, text_.size()));
    while (!rest.empty()) {
      const auto size = is_between_words(rest.front()) ? 1 : comment_size(rest);
      if (size == 0) return static_cast<char>(rest.front() & ~0x20);
      rest.remove_prefix(size);
    }
    return '\0';
  }

  [[nodiscard]] std::string_view word_around(std::size_t place) const {
    auto begin = place;
    auto end = place;
    while (begin > 0 && is_name_character(text_[begin - 1])) --begin;
    while (end < text_.size() && is_name_character(text_[end])) ++end;
    return text_.substr(begin, end - begin);
  }

  /// The word, or what is in a quoted name, that stands before `place` with nothing but white space and comments
  /// between.
  [[nodiscard]] std::string_view word_before(std::size_t place) const {
    auto end = begin_of_blank(place);
    if (end > 0 && (text_[end - 1] == '`' || text_[end - 1] == '"')) --end;
    auto begin = end;
    while (begin > 0 && is_name_character(text_[begin - 1])) --begin;
    return text_.substr(begin, end - begin);
  }

  [[nodiscard]] std::size_t begin_of_blank(std::size_t place) const {
    while (place > 0) {
      if (place == comment_end_)
        place = comment_begin_;
      else if (is_between_words(text_[place - 1]))
        --place;
      else
        break;
    }
    return place;
  }

  [[nodiscard]] bool is_at(std::size_t place, char c) const { return place < text_.size() && text_[place] == c; }
  static bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t comment_begin_ = 0;
  std::size_t comment_end_ = nowhere;  // of the last comment, and of those right before it
  statement_hazards found_ = 0;
  escape_rules escapes_;
  bool is_set_ = false;     // the present statement
  bool fills_at_ = false;   // the present statement
  bool sets_ = false;       // one of the statements
  bool untrusted_ = false;  // quotes may end elsewhere
  bool in_doubt_ = false;
};

}  // namespace

statement_hazards find_hazards(std::string_view text, bool complete, bool backslash_escapes) {
  hazard_scan scan(text, {backslash_escapes, backslash_escapes});
  auto found = scan.run();
  if (scan.in_doubt()) found |= hazard_scan(text, {true, false}).run();
  if (scan.sets()) {
    found |= hazards_of_assignments(text, complete);
    // find_assignments() reads backslashes as escapes.
    if (!backslash_escapes && text.find('\\') != std::string_view::npos) found |= hazard::hidden;
  }
  return complete ? found : found | hazard::hidden;
}

recovery_obstacle obstacle_of(statement_hazards seen) {
  struct consequence {
    statement_hazards of;
    recovery_obstacle obstacle;
  };
  using enum recovery_obstacle;
  constexpr std::array consequences{
      consequence{hazard::temporary_table, temporary_tables},
      consequence{hazard::table_lock, table_locks},
      consequence{hazard::named_lock, named_locks},
      consequence{hazard::handler, open_handler},
      consequence{hazard::xa, xa_transaction},
      consequence{hazard::text_prepared, text_prepared},
      consequence{hazard::next_transaction, next_transaction},
      consequence{hazard::user_variable, unknown_user_variable},
      consequence{hazard::last_insert_id, last_insert_id},
      consequence{hazard::role | hazard::one_shot, unknown_system_variable},
      consequence{hazard::hidden, hidden_changes},
  };
  for (const auto& each : consequences) {
    if ((seen & each.of) != 0) return each.obstacle;
  }
  return none;
}

}  // namespace sessiongate::proxy
