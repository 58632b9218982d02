#include "proxy/stop_marks.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate;
using proxy::stop_marks;
using session::resting_point;

namespace {

session::stop_mark add(stop_marks& to, resting_point after, std::uint64_t ss_id = 0) {
  session::gentle_stop how{.after = after, .ss_id = ss_id};
  to.add({how, {}});
  return how.mark;
}

}  // namespace

TEST_CASE("each mark has a number of its own") {
  CHECK(session::gentle_stop{}.mark != session::gentle_stop{}.mark);
}

TEST_CASE("between two statements of a transaction only what waits for a statement is due") {
  stop_marks marks;
  add(marks, resting_point::transaction);
  CHECK_FALSE(marks.take_due(true));
  const auto mark = add(marks, resting_point::statement);
  const auto due = marks.take_due(true);
  REQUIRE(due);
  CHECK(due->how.mark == mark);
  CHECK_FALSE(marks.take_due(true));
  CHECK_FALSE(marks.empty());
}

TEST_CASE("outside a transaction the oldest mark is due") {
  stop_marks marks;
  const auto first = add(marks, resting_point::transaction);
  const auto second = add(marks, resting_point::statement);
  CHECK(marks.take_due(false)->how.mark == first);
  CHECK(marks.take_due(false)->how.mark == second);
  CHECK(marks.empty());
}

TEST_CASE("a mark that is withdrawn is not there any more") {
  stop_marks marks;
  const auto mark = add(marks, resting_point::transaction);
  CHECK(marks.take(mark));
  CHECK_FALSE(marks.take(mark));
  CHECK_FALSE(marks.take_due(false));
}

TEST_CASE("marks on a server session go with it") {
  stop_marks marks;
  const auto whole = add(marks, resting_point::transaction);
  add(marks, resting_point::transaction, 7);
  add(marks, resting_point::statement, 7);
  CHECK(marks.take_about(7).size() == 2);
  CHECK(marks.take_about(7).empty());
  CHECK(marks.take_all().front().how.mark == whole);
  CHECK(marks.empty());
}

TEST_CASE("who asked is told, and who does not want to know is not") {
  int told = 0;
  proxy::tell({{},
               [&](const session::stop_report& report) {
                 CHECK(report.end == session::stop_end::withdrawn);
                 ++told;
               }},
              {.found = true, .server_sessions = {}, .end = session::stop_end::withdrawn});
  proxy::tell({{}, {}}, {});
  CHECK(told == 1);
}
