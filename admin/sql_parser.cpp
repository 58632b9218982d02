#include "admin/sql_parser.hpp"

#include "admin/command_table.hpp"
#include "admin/id_operand.hpp"
#include "admin/kill_parser.hpp"
#include "admin/query_parser.hpp"
#include "admin/syntax.hpp"
#include "admin/token_cursor.hpp"

#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sessiongate::admin {

namespace {

using parse_result = std::variant<not_ours, statement, failure>;

/// What stands behind the words of a command of the table.
class entry_parser {
 public:
  entry_parser(const command_entry& entry, token_cursor& at, bool prepared)
      : entry_(entry), at_(at), prepared_(prepared) {}

  parse_result parse(bool full) {
    command_arguments given{.full = full};
    for (const auto part : tail_of(entry_.sql)) {
      if (auto wrong = take(part, given)) return std::move(*wrong);
    }
    if (!at_.at_end()) return malformed("the end of the statement", at_);
    statement parsed{.what = entry_.make(std::move(given))};
    parsed.own_session = id_.own_session;
    parsed.id_is_parameter = id_.parameter;
    parsed.number_is_parameter = number_is_parameter_;
    parsed.texts_as_parameters = std::move(texts_as_parameters_);
    return parsed;
  }

 private:
  std::optional<failure> take(std::string_view part, command_arguments& given) {
    if (part == "[id]") return take_own_or_id(given);
    if (part == "[filter]") return take_filter(given);
    if (part == "[where]") return take_where(given);
    if (part == "[options]") return take_options(given);
    if (part == "number") return take_number(given);
    if (part == "name") return take_text(given.name, text_operand::setting, "the name of a setting");
    if (part == "cluster") return take_text(given.cluster, text_operand::cluster, "the name of a cluster");
    if (part == "backend") return take_text(given.backend, text_operand::backend, "a backend");
    if (part == "BACKEND") return at_.take_word(part) ? std::nullopt : std::optional(malformed(part, at_));
    if (part == "value") return at_.at_end() ? std::nullopt : take_text(given.value, text_operand::value, "a value");
    return at_.take_symbol(part) ? std::nullopt : std::optional(malformed(part, at_));
  }

  std::optional<failure> take_own_or_id(command_arguments& given) {
    const bool filtered = at_.peek().kind == token_kind::word && !is_id_word(at_.peek());
    if (at_.at_end() || filtered) return std::nullopt;
    auto id = take_id(at_, prepared_);
    if (!id) return malformed("an id or LIKE", at_);
    given.id = id->id;
    id_ = std::move(*id);
    return std::nullopt;
  }

  std::optional<failure> take_filter(command_arguments& given) {
    auto query = parse_query(at_, like_column_of(entry_), prepared_);
    if (auto* wrong = std::get_if<failure>(&query)) return std::move(*wrong);
    given.query = std::get<table_query>(std::move(query));
    return std::nullopt;
  }

  std::optional<failure> take_where(command_arguments& given) {
    if (!at_.take_word("WHERE")) return std::nullopt;
    auto where = parse_predicate(at_, prepared_);
    if (auto* wrong = std::get_if<failure>(&where)) return std::move(*wrong);
    given.query.where = std::get<predicate>(std::move(where));
    return std::nullopt;
  }

  std::optional<failure> take_options(command_arguments& given) {
    given.how.when = usual_moment(entry_);
    return take_kill_options(at_, given.how);
  }

  std::optional<failure> take_number(command_arguments& given) {
    if (prepared_ && at_.take_symbol("?")) {
      number_is_parameter_ = true;
      return std::nullopt;
    }
    const auto number = at_.peek().kind == token_kind::number ? parse_id(at_.peek().text) : std::nullopt;
    if (!number) return malformed("a number", at_);
    given.number = *number;
    at_.skip();
    return std::nullopt;
  }

  std::optional<failure> take_text(std::string& into, text_operand which, std::string_view expected) {
    if (prepared_ && at_.take_symbol("?")) {
      texts_as_parameters_.push_back(which);
      return std::nullopt;
    }
    const auto next = at_.peek();
    const bool is_sign = next.kind == token_kind::symbol && (next.text == "=" || next.text == "?");
    const bool usable = next.kind != token_kind::end && next.kind != token_kind::broken && !is_sign;
    if (!usable) return malformed(expected, at_);
    into = unquote(next);
    at_.skip();
    return std::nullopt;
  }

  const command_entry& entry_;
  token_cursor& at_;
  bool prepared_;
  id_operand id_{};
  bool number_is_parameter_ = false;
  std::vector<text_operand> texts_as_parameters_;
};

/// The command of the table that has most of its words there.
parse_result parse_by_table(const token_cursor& from, const parse_options& options) {
  const command_entry* best = nullptr;
  std::optional<words_taken> taken;
  for (const auto& each : command_table()) {
    auto found = take_words(each.sql, from, options.processlist_is_ours);
    if (found && (!taken || found->count > taken->count)) {
      best = &each;
      taken = std::move(found);
    }
  }
  if (best == nullptr) return not_ours{};
  auto parsed = entry_parser(*best, taken->rest, options.prepared).parse(taken->full);
  if (auto* ours = std::get_if<statement>(&parsed); ours != nullptr && taken->mysql_name)
    std::get<show_table>(ours->what).what = listing::mysql_processes;
  // A SELECT that is more than the proxy's one is somebody's query.
  if (std::holds_alternative<failure>(parsed) && best->sql.starts_with("SELECT")) return not_ours{};
  return parsed;
}

predicate* predicate_of(command& what) {
  if (auto* list = std::get_if<show_table>(&what)) return &list->query.where;
  if (auto* detail = std::get_if<show_session>(&what)) return &detail->query.where;
  if (auto* several = std::get_if<kill_matching>(&what)) return &several->where;
  if (auto* drained = std::get_if<start_drain>(&what)) return &drained->where;
  return nullptr;
}

std::vector<literal*> placeholders_of(command& what) {
  std::vector<literal*> found;
  auto* where = predicate_of(what);
  if (where == nullptr) return found;
  for (auto& test : where->all) {
    for (auto& each : test.values) {
      if (each.kind == literal_kind::parameter) found.push_back(&each);
    }
  }
  return found;
}

/// Where a command keeps that text; null: it has none of the kind.
std::string* find_text(command& what, text_operand which) {
  return std::visit(
      [which](auto& each) -> std::string* {
        if constexpr (requires { each.backend; }) {
          if (which == text_operand::cluster) return &each.cluster;
          if (which == text_operand::backend) return &each.backend;
        }
        if constexpr (requires { each.value; }) {
          if (which == text_operand::setting) return &each.name;
          if (which == text_operand::value) return &each.value;
        }
        return nullptr;
      },
      what);
}

std::optional<literal> to_literal(const protocol::result_cell& bound) {
  if (const auto* text = std::get_if<std::string>(&bound)) return literal{literal_kind::text, *text};
  if (const auto* number = std::get_if<std::uint64_t>(&bound)) {
    return literal{literal_kind::number, std::to_string(*number)};
  }
  const auto* number = std::get_if<std::int64_t>(&bound);
  if (number == nullptr) return std::nullopt;
  return literal{literal_kind::number, std::to_string(*number)};
}

}  // namespace

std::uint16_t statement::parameter_count() const {
  auto copy = what;
  const auto count = placeholders_of(copy).size() + (id_is_parameter ? 1 : 0) + (ss_id_is_parameter ? 1 : 0) +
                     (number_is_parameter ? 1 : 0) + texts_as_parameters.size();
  return static_cast<std::uint16_t>(count);
}

parse_result parse_statement(std::string_view text, const parse_options& options) {
  if (sieve_statement(text, true) != sieve_verdict::maybe) return not_ours{};
  auto tokens = split_only_statement(text);
  if (!tokens) return not_ours{};
  token_cursor at(std::move(*tokens));
  return at.take_word("KILL") ? parse_kill(at, options.prepared) : parse_by_table(at, options);
}

void set_id(command& what, std::uint64_t id) {
  std::visit(
      [id](auto& each) {
        if constexpr (requires { each.id.number; }) {
          each.id.number = id;
        } else if constexpr (requires { each.id; }) {
          if (!each.id) each.id.emplace();
          each.id->number = id;
        }
      },
      what);
}

std::optional<std::string> bind_parameters(statement& prepared, std::span<const protocol::result_cell> values) {
  if (values.size() != prepared.parameter_count()) return "Incorrect arguments to EXECUTE";
  auto filled = prepared;
  std::size_t at = 0;
  for (const bool is_ss_id : {false, true}) {
    if (!(is_ss_id ? prepared.ss_id_is_parameter : prepared.id_is_parameter)) continue;
    const auto id = to_id(values[at++]);
    if (!id) return "Incorrect arguments to EXECUTE: an id is a number";
    if (is_ss_id) {
      std::get<kill_server_session>(filled.what).ss_id = *id;
    } else {
      set_id(filled.what, *id);
    }
  }
  if (prepared.number_is_parameter) {
    const auto number = to_id(values[at++]);
    if (!number) return "Incorrect arguments to EXECUTE: a drain is named by its number";
    std::get<cancel_drain>(filled.what).number = *number;
  }
  for (const auto each : prepared.texts_as_parameters) {
    auto value = to_literal(values[at++]);
    if (!value) return "Incorrect arguments to EXECUTE: NULL names nothing";
    *find_text(filled.what, each) = std::move(value->text);
  }
  for (auto* each : placeholders_of(filled.what)) {
    auto value = to_literal(values[at++]);
    if (!value) return "Incorrect arguments to EXECUTE: NULL compares with nothing";
    *each = std::move(*value);
  }
  filled.id_is_parameter = filled.ss_id_is_parameter = filled.number_is_parameter = false;
  filled.texts_as_parameters.clear();
  prepared = std::move(filled);
  return std::nullopt;
}

std::optional<std::uint64_t> to_id(const protocol::result_cell& bound) {
  if (const auto* text = std::get_if<std::string>(&bound)) return parse_id(*text);
  if (const auto* number = std::get_if<std::uint64_t>(&bound)) return *number;
  const auto* number = std::get_if<std::int64_t>(&bound);
  if (number == nullptr || *number < std::numeric_limits<std::int32_t>::min()) return std::nullopt;
  return *number < 0 ? static_cast<std::uint32_t>(*number) : static_cast<std::uint64_t>(*number);
}

}  // namespace sessiongate::admin
