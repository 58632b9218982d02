#include "admin/id_operand.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace sessiongate::admin {

namespace {

bool is_literal(const token& each) {
  return each.kind == token_kind::number || each.kind == token_kind::string;
}

std::optional<id_operand> take_number(token_cursor& at, bool prepared, id_form form) {
  if (is_literal(at.peek())) {
    const auto number = parse_id(at.peek().text);
    if (!number) return std::nullopt;
    at.skip();
    return id_operand{.id = {*number, form}};
  }
  if (prepared && at.take_symbol("?")) return id_operand{.id = {0, form}, .parameter = true};
  return std::nullopt;
}

/// What stands there without a blank between: db-1.example:3306, [::1]:3306, /run/mysqld.sock.
std::string_view take_unquoted_backend(token_cursor& at) {
  auto taken = at.peek().text;
  at.skip();
  const auto continues = [&](const token& next) {
    const bool plain =
        next.kind == token_kind::word || next.kind == token_kind::number || next.kind == token_kind::symbol;
    return plain && next.text.data() == taken.data() + taken.size();
  };
  for (; continues(at.peek()); at.skip()) taken = {taken.data(), taken.size() + at.peek().text.size()};
  return taken;
}

std::optional<std::string> take_backend(token_cursor& at) {
  const auto next = at.peek();
  if (next.kind == token_kind::end || next.kind == token_kind::broken) return std::nullopt;
  if (next.kind != token_kind::string && next.kind != token_kind::name) return std::string(take_unquoted_backend(at));
  at.skip();
  return unquote(next);
}

}  // namespace

bool is_id_word(const token& each) {
  return each.kind == token_kind::word &&
         (equals_ignoring_case(each.text, "CONNECTION_ID") || equals_ignoring_case(each.text, "CS_ID"));
}

std::optional<id_operand> take_id(token_cursor& at, bool prepared) {
  if (at.take_word("CS_ID")) return take_number(at, prepared, id_form::cs_id);
  if (!at.take_word("CONNECTION_ID")) return take_number(at, prepared, id_form::any);
  if (at.take_symbol("(")) return at.take_symbol(")") ? std::optional(id_operand{.own_session = true}) : std::nullopt;
  auto taken = take_number(at, prepared, id_form::connection_id);
  if (!taken || !at.take_symbol("@")) return taken;
  auto backend = take_backend(at);
  if (!backend || backend->empty()) return std::nullopt;
  taken->id.backend = std::move(*backend);
  return taken;
}

std::optional<ss_id_operand> take_ss_id(token_cursor& at, bool prepared) {
  const auto text = at.peek().text;
  if (is_literal(at.peek()) && (text.empty() || text.front() == '-' || text.front() == '+')) return std::nullopt;
  const auto taken = take_number(at, prepared, id_form::any);
  return taken ? std::optional(ss_id_operand{taken->id.number, taken->parameter}) : std::nullopt;
}

}  // namespace sessiongate::admin
