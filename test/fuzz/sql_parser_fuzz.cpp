// Any text: the sieve and the parser agree. What the parser calls ours, the sieve lets through, whole and in every
// prefix; ids that the parser took survive being printed and read again.
#include "admin/command_kind.hpp"
#include "admin/sql_parser.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

namespace {

using namespace sessiongate::admin;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(std::string_view text, bool prepared) {
  const auto whole = sieve_statement(text, true);
  require(whole != sieve_verdict::need_more);
  const auto parsed = parse_statement(text, {.prepared = prepared, .processlist_is_ours = prepared});
  if (std::holds_alternative<not_ours>(parsed)) return;
  require(whole == sieve_verdict::maybe);
  for (std::size_t size = 0; size <= text.size(); ++size) {
    require(sieve_statement(text.substr(0, size), false) != sieve_verdict::not_ours);
  }
  if (const auto* error = std::get_if<failure>(&parsed)) {
    require(error->kind == failure_kind::malformed && error->message.starts_with("Unknown operator"));
    return;
  }
  const auto& what = std::get<statement>(parsed);
  require(prepared || what.parameter_count() == 0);
  if (const auto id = target_of(what.what)) require(parse_session_id(to_text(*id)) == id);
  if (const auto* kill = std::get_if<kill_session>(&what.what)) {
    require(is_consistent(kill->how) && is_kill_reason(kill->how.reason));
    require(!kill->plain || (kill->how == kill_manner() && kill->id.form == id_form::any));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t size_max = 512;  // prefixes make it quadratic
  const std::string_view text(reinterpret_cast<const char*>(data), size < size_max ? size : size_max);
  check(text, false);
  check(text, true);
  return 0;
}
