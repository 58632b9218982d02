#include "admin/diagnostics.hpp"

#include "admin/failures.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace sessiongate::admin {
namespace {

using namespace std::chrono_literals;
using severity = condition::severity;

const diagnostics three{
    {severity::note, 1927, "one"}, {severity::error, 1094, "two"}, {severity::warning, 1105, "three"}};

/// The cells of an answer, its columns first; "none": the text is no question.
std::string ask(std::string_view text, const diagnostics& last = three) {
  const auto told = answer_about(last, text);
  if (!told) return "none";
  std::string out;
  for (const auto& column : told->columns) out += column.name + ' ';
  for (const auto& row : told->rows) {
    out += "| ";
    for (const auto& cell : row) {
      const auto* number = std::get_if<std::uint64_t>(&cell);
      out += (number != nullptr ? std::to_string(*number) : std::get<std::string>(cell)) + ' ';
    }
  }
  return out;
}

kill_outcome killed(interrupt_status interrupt) {
  kill_outcome outcome;
  outcome.cs_id = 1073741830;
  outcome.connection_id = 14;
  outcome.user = "app";
  outcome.interrupt = interrupt;
  outcome.elapsed = 2100us;
  outcome.ran = 3214ms;
  return outcome;
}

TEST_CASE("the questions about the last command", "[admin][diagnostics]") {
  CHECK(ask("SHOW WARNINGS") == "Level Code Message | Note 1927 one | Error 1094 two | Warning 1105 three ");
  CHECK(ask("show /* all */ warnings;") == ask("SHOW WARNINGS"));
  CHECK(ask("SHOW ERRORS") == "Level Code Message | Error 1094 two ");
  CHECK(ask("SHOW COUNT(*) WARNINGS") == "@@session.warning_count | 3 ");
  CHECK(ask("show count( * ) errors") == "@@session.error_count | 1 ");
  CHECK(ask("SELECT @@warning_count") == "@@warning_count | 3 ");
  CHECK(ask("SELECT @@Session.Error_Count, @@local . warning_count") ==
        "@@Session.Error_Count @@local . warning_count | 1 3 ");
}

TEST_CASE("limits count as MySQL's", "[admin][diagnostics]") {
  CHECK(ask("SHOW WARNINGS LIMIT 1") == "Level Code Message | Note 1927 one ");
  CHECK(ask("SHOW WARNINGS LIMIT 1, 1") == "Level Code Message | Error 1094 two ");
  CHECK(ask("SHOW WARNINGS LIMIT 2, 64") == "Level Code Message | Warning 1105 three ");
  CHECK(ask("SHOW ERRORS LIMIT 1, 1") == "Level Code Message ");
  CHECK(ask("SHOW WARNINGS LIMIT 0") == "Level Code Message ");
}

TEST_CASE("anything else is the backend's", "[admin][diagnostics]") {
  for (const auto* text : {"",
                           "SHOW",
                           "SHOW WARNINGS x",
                           "SHOW WARNINGS LIMIT",
                           "SHOW WARNINGS LIMIT 1 OFFSET 2",
                           "SHOW WARNINGS LIMIT -1",
                           "SHOW WARNINGS LIMIT 99999999999999999999999",
                           "SHOW WARNINGS; SELECT 1",
                           "SHOW COUNT(1) WARNINGS",
                           "SHOW COUNT(*)",
                           "SHOW COUNT(*) WARNINGS LIMIT 1",
                           "SELECT @@warning_count + 1",
                           "SELECT @warning_count",
                           "SELECT @@global.warning_count",
                           "SELECT @@warning_count,",
                           "SELECT @@sessionwarning_count",
                           "SELECT warning_count",
                           "SELECT",
                           "SELECT @",
                           "SELECT @@",
                           "/*! SHOW WARNINGS */",
                           "SHOW `WARNINGS`",
                           "EXPLAIN SHOW WARNINGS"}) {
    CAPTURE(text);
    CHECK(ask(text) == "none");
  }
  CHECK(ask("SHOW WARNINGS " + std::string(diagnostics_question_max, ' ')) == "none");
}

TEST_CASE("a command without more to say has no rows", "[admin][diagnostics]") {
  CHECK(ask("SHOW WARNINGS", {}) == "Level Code Message ");
  CHECK(ask("SELECT @@warning_count", {}) == "@@warning_count | 0 ");
  CHECK(diagnose(acknowledgement{}, false).empty());
  CHECK(diagnose(table{}, false).empty());
}

TEST_CASE("a failure is its error", "[admin][diagnostics]") {
  CHECK(ask("SHOW WARNINGS", diagnose(unknown_thread(5), false)) ==
        "Level Code Message | Error 1094 Unknown thread id: 5 ");
}

TEST_CASE("a kill that was done has a note, MySQL's own KILL has none", "[admin][diagnostics]") {
  const auto done = killed(interrupt_status::interrupted);
  CHECK(ask("SHOW WARNINGS", diagnose(done, false)) ==
        "Level Code Message | Note 1927 killed in 2.1 ms: cs_id 1073741830, connection_id 14, user app; its statement "
        "was "
        "interrupted after 3214.0 ms ");
  CHECK(diagnose(done, true).empty());
  CHECK(ask("SHOW WARNINGS", diagnose(killed(interrupt_status::not_needed), false)) ==
        "Level Code Message | Note 1927 killed in 2.1 ms: cs_id 1073741830, connection_id 14, user app ");
}

TEST_CASE("a kill that left something running is a warning, MySQL's own KILL too", "[admin][diagnostics]") {
  auto left = killed(interrupt_status::no_route);
  for (const bool plain : {false, true}) {
    CHECK(ask("SHOW WARNINGS", diagnose(left, plain)) ==
          "Level Code Message | Warning 1105 Closed, but its statement was not interrupted: no_route ");
  }
  left = killed(interrupt_status::backend_refused);
  left.backend_error = 1045;
  left.backend_answer = "Access denied";
  CHECK(ask("SHOW WARNINGS", diagnose(left, false)) ==
        "Level Code Message | Warning 1045 Closed, but its statement was not interrupted: backend_refused: Access "
        "denied ");
}

}  // namespace
}  // namespace sessiongate::admin
