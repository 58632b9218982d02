#include "admin/sql_parser.hpp"

#include "admin/sql_lexer.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sessiongate::admin {

namespace {

using parse_result = std::variant<not_ours, statement, failure>;

// ---- the sieve

sieve_verdict undecided(bool complete) {
  return complete ? sieve_verdict::not_ours : sieve_verdict::need_more;
}

/// Skips blank space. Empty: there is a text at `rest` to look at.
std::optional<sieve_verdict> sieve_blank(std::string_view& rest, bool complete) {
  const auto end = skip_blank(rest);
  if (end == blank_end::executable_comment) return sieve_verdict::not_ours;
  if (end != blank_end::text || rest == "/" || rest == "-") return undecided(complete);
  return std::nullopt;
}

/// Takes `word` off the front of `rest`. Empty: it was there, whole.
std::optional<sieve_verdict> sieve_word(std::string_view& rest, std::string_view word, bool complete) {
  const auto head = rest.substr(0, word.size());
  if (!equals_ignoring_case(head, word.substr(0, head.size()))) return sieve_verdict::not_ours;
  if (head.size() < word.size()) return undecided(complete);
  rest.remove_prefix(word.size());
  if (rest.empty()) return complete ? std::nullopt : std::optional(sieve_verdict::need_more);
  return is_identifier_character(rest.front()) ? std::optional(sieve_verdict::not_ours) : std::nullopt;
}

// ---- the parser

class token_cursor {
 public:
  explicit token_cursor(std::vector<token> tokens) : tokens_(std::move(tokens)) {}

  [[nodiscard]] token peek() const { return at_ < tokens_.size() ? tokens_[at_] : token{}; }
  [[nodiscard]] bool at_end() const { return at_ == tokens_.size(); }
  void skip() { ++at_; }

  bool take_word(std::string_view upper) {
    return take_if(peek().kind == token_kind::word && equals_ignoring_case(peek().text, upper));
  }
  bool take_symbol(std::string_view symbol) {
    return take_if(peek().kind == token_kind::symbol && peek().text == symbol);
  }

 private:
  bool take_if(bool matches) {
    if (matches) skip();
    return matches;
  }

  std::vector<token> tokens_;
  std::size_t at_ = 0;
};

bool is_semicolon(const token& each) {
  return each.kind == token_kind::symbol && each.text == ";";
}

/// The tokens up to the first `;`. Empty when a second statement follows it, or for what only the server can read.
std::optional<std::vector<token>> split_only_statement(std::string_view text) {
  std::vector<token> tokens;
  bool ended = false;
  for (auto each = next_token(text); each.kind != token_kind::end; each = next_token(text)) {
    if (each.kind == token_kind::executable) return std::nullopt;
    if (is_semicolon(each)) {
      ended = true;
    } else if (ended) {
      return std::nullopt;
    } else {
      tokens.push_back(each);
    }
  }
  return tokens;
}

/// For an error text: short, and printable whatever the client sent.
std::string quote_excerpt(std::string_view text) {
  constexpr std::size_t size_max = 32;
  std::string excerpt(text.substr(0, size_max));
  std::ranges::replace_if(excerpt, [](char c) { return c < ' ' || c > '~'; }, '?');
  return '\'' + excerpt + (text.size() > size_max ? "…'" : "'");
}

failure malformed(std::string_view expected, const token_cursor& at) {
  std::string message = "Unknown operator: expected ";
  message += expected;
  message += at.at_end() ? ", found the end of the statement" : ", found " + quote_excerpt(at.peek().text);
  failure result;
  result.kind = failure_kind::malformed;
  result.message = std::move(message);
  return result;
}

struct operand {
  std::uint64_t value = 0;
  bool own_session = false;
  bool parameter = false;
};

bool is_literal(const token& each) {
  return each.kind == token_kind::number || each.kind == token_kind::string;
}

std::optional<operand> take_id(token_cursor& at, bool prepared) {
  if (is_literal(at.peek())) {
    const auto id = parse_id(at.peek().text);
    if (!id) return std::nullopt;
    at.skip();
    return operand{.value = *id};
  }
  if (prepared && at.take_symbol("?")) return operand{.parameter = true};
  if (at.take_word("CONNECTION_ID") && at.take_symbol("(") && at.take_symbol(")")) return operand{.own_session = true};
  return std::nullopt;
}

/// Without a sign: `KILL PROXYSESSION 5-1` has to be an error, not two ids.
std::optional<operand> take_ss_id(token_cursor& at, bool prepared) {
  const auto text = at.peek().text;
  if (is_literal(at.peek()) && (text.empty() || text.front() == '-' || text.front() == '+')) return std::nullopt;
  if (at.peek().kind == token_kind::word) return std::nullopt;
  return take_id(at, prepared);
}

void put_id(statement& into, const operand& id) {
  into.own_session = id.own_session;
  into.id_is_parameter = id.parameter;
  set_id(into.what, id.value);
}

/// A doubled quote and a backslash before a quote or a backslash stand for one character.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool more = at + 1 < text.size();
    const bool doubled = more && text[at] == text[at + 1] && (text[at] == '\'' || text[at] == '"' || text[at] == '`');
    const bool escaped =
        more && text[at] == '\\' && (text[at + 1] == '\'' || text[at + 1] == '"' || text[at + 1] == '\\');
    if (doubled || escaped) ++at;
    plain += text[at];
  }
  return plain;
}

std::optional<std::string> take_pattern(token_cursor& at) {
  const auto next = at.peek();
  if (next.kind != token_kind::word && next.kind != token_kind::string && next.kind != token_kind::name)
    return std::nullopt;
  at.skip();
  return next.kind == token_kind::word ? std::string(next.text) : unescape(next.text);
}

parse_result parse_attribute(token_cursor& at, bool prepared) {
  statement parsed{.what = show_session{}};
  if (at.at_end()) return parsed;
  bool like = at.take_word("LIKE");
  if (!like) {
    const auto id = take_id(at, prepared);
    if (!id) return malformed("an id or LIKE", at);
    put_id(parsed, *id);
    like = at.take_word("LIKE");
  }
  if (like) {
    auto pattern = take_pattern(at);
    if (!pattern) return malformed("a pattern", at);
    std::get<show_session>(parsed.what).like = std::move(pattern);
  }
  if (!at.at_end()) return malformed("the end of the statement", at);
  return parsed;
}

parse_result parse_kill_proxysession(token_cursor& at, bool prepared) {
  const auto id = take_id(at, prepared);
  if (!id) return malformed("the id of a session", at);
  statement parsed{.what = kill_session{}};
  if (!at.at_end()) {
    const auto ss_id = take_ss_id(at, prepared);
    if (!ss_id) return malformed("an ss_id", at);
    parsed.what = kill_server_session{.id = 0, .ss_id = ss_id->value};
    parsed.ss_id_is_parameter = ss_id->parameter;
  }
  put_id(parsed, *id);
  if (!at.at_end()) return malformed("the end of the statement", at);
  return parsed;
}

parse_result parse_plain_kill(token_cursor& at, bool prepared) {
  statement parsed{.what = kill_session{}, .plain_kill = true};
  if (!at.take_word("HARD")) at.take_word("SOFT");
  if (at.take_word("QUERY")) {
    parsed.what = kill_query{};
  } else {
    at.take_word("CONNECTION");
  }
  const auto id = take_id(at, prepared);
  if (!id || !at.at_end()) return not_ours{};
  put_id(parsed, *id);
  return parsed;
}

}  // namespace

sieve_verdict sieve_statement(std::string_view text_so_far, bool complete) {
  if (text_so_far.size() > statement_size_max) return sieve_verdict::not_ours;
  auto rest = text_so_far;
  if (const auto decided = sieve_blank(rest, complete)) return *decided;
  if (rest.front() == 'k' || rest.front() == 'K')
    return sieve_word(rest, "KILL", complete).value_or(sieve_verdict::maybe);
  if (const auto decided = sieve_word(rest, "SHOW", complete)) return *decided;
  if (const auto decided = sieve_blank(rest, complete)) return *decided;
  return sieve_word(rest, "PROXYSESSION", complete).value_or(sieve_verdict::maybe);
}

parse_result parse_statement(std::string_view text, bool prepared) {
  if (sieve_statement(text, true) != sieve_verdict::maybe) return not_ours{};
  auto tokens = split_only_statement(text);
  if (!tokens) return not_ours{};
  token_cursor at(std::move(*tokens));
  if (at.take_word("KILL")) {
    return at.take_word("PROXYSESSION") ? parse_kill_proxysession(at, prepared) : parse_plain_kill(at, prepared);
  }
  if (!at.take_word("SHOW") || !at.take_word("PROXYSESSION")) return not_ours{};
  if (at.at_end()) return statement{.what = show_sessions{}};
  if (at.take_word("ATTRIBUTE")) return parse_attribute(at, prepared);
  return malformed("ATTRIBUTE", at);
}

void set_id(command& what, std::uint64_t id) {
  std::visit(
      [id](auto& each) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(each)>, show_sessions>) each.id = id;
      },
      what);
}

bool bind_ids(statement& prepared, std::span<const std::uint64_t> values) {
  if (values.size() != prepared.parameter_count()) return false;
  if (prepared.id_is_parameter) set_id(prepared.what, values.front());
  if (prepared.ss_id_is_parameter) std::get<kill_server_session>(prepared.what).ss_id = values.back();
  return true;
}

std::optional<std::uint64_t> parse_id(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!negative) return magnitude;
  if (magnitude > 1ULL << 31U) return std::nullopt;
  return to_id(-static_cast<std::int64_t>(magnitude));
}

std::optional<std::uint64_t> to_id(const protocol::result_cell& bound) {
  if (const auto* text = std::get_if<std::string>(&bound)) return parse_id(*text);
  if (const auto* number = std::get_if<std::uint64_t>(&bound)) return *number;
  const auto* number = std::get_if<std::int64_t>(&bound);
  if (number == nullptr || *number < std::numeric_limits<std::int32_t>::min()) return std::nullopt;
  return *number < 0 ? static_cast<std::uint32_t>(*number) : static_cast<std::uint64_t>(*number);
}

}  // namespace sessiongate::admin
