#include "proxy/routine_watch.hpp"

#include "proxy/configuration.hpp"

#include <algorithm>

using namespace sessiongate::proxy;
using namespace std::chrono_literals;
using test::contains;

namespace {

constexpr std::string_view mariadb = "5.5.5-10.11.6-MariaDB-1:10.11.6+maria~deb12";
constexpr std::string_view mysql_57 = "5.7.44-log";
constexpr std::string_view mysql_8 = "8.0.36";
const routine_watch::clock::time_point start{1h};

}  // namespace

TEST_CASE("changes are possible until the server was found without anything risky, and for sessions from before") {
  routine_watch watch;
  CHECK(watch.possible(start));
  CHECK_FALSE(watch.risky());
  CHECK_FALSE(watch.why_unknown().empty());

  watch.note(0, start);
  CHECK(watch.risky() == 0);
  CHECK(watch.why_unknown().empty());
  CHECK(watch.possible(start - 1ns));
  CHECK_FALSE(watch.possible(start));
  watch.note(0, start + 1min);
  CHECK_FALSE(watch.possible(start));  // the first look counts, not the last
}

TEST_CASE("what was found, or could not be looked at, makes changes possible for all who were there") {
  routine_watch watch;
  watch.note(0, start);
  const bool unknown = GENERATE(false, true);
  if (unknown)
    watch.note_unknown("the control account lacks TRIGGER ON *.*");
  else
    watch.note(2, start + 1min);
  CHECK(watch.risky() == (unknown ? std::nullopt : std::optional<std::uint64_t>(2)));
  CHECK(watch.why_unknown() == (unknown ? "the control account lacks TRIGGER ON *.*" : ""));
  CHECK(watch.possible(start));
  CHECK(watch.possible(start + 5min));
  watch.note(0, start + 10min);
  CHECK(watch.possible(start + 5min));
  CHECK_FALSE(watch.possible(start + 10min));
}

TEST_CASE("routines are read where the server shows them, triggers and views where all have them") {
  const auto has = [](std::string_view version, std::string_view part) {
    const auto counts = questions_for(version, 750ms).counts;
    REQUIRE(counts.size() == 3);
    return std::ranges::count_if(counts, [part](const auto& each) { return contains(each, part); });
  };
  for (const auto version : {mariadb, mysql_57, mysql_8}) {
    CHECK(has(version, "mysql.proc") == (version == mysql_8 ? 0 : 1));
    CHECK(has(version, "information_schema.ROUTINES") == (version == mysql_8 ? 1 : 0));
    CHECK(has(version, "information_schema.TRIGGERS") == 1);
    CHECK(has(version, "information_schema.VIEWS") == 1);
    CHECK(has(version, "NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')") == 3);
  }
}

TEST_CASE("each count has its limit, in the server's own words and unit") {
  for (const auto& each : questions_for(mariadb, 1050ms).counts) {
    CHECK(each.starts_with("SET STATEMENT max_statement_time = 1.050 FOR SELECT COUNT(*) FROM "));
  }
  for (const auto version : {mysql_57, mysql_8}) {
    for (const auto& each : questions_for(version, 1050ms).counts) {
      CHECK(each.starts_with("SELECT /*+ MAX_EXECUTION_TIME(1050) */ COUNT(*) FROM "));
    }
  }
}

TEST_CASE("the rights that are missing are named one after the other") {
  for (const auto version : {mariadb, mysql_57, mysql_8}) {
    CHECK(missing_right({}, version) == "TRIGGER ON *.*");
    CHECK(missing_right({"SELECT", "PROCESS"}, version) == "TRIGGER ON *.*");
    CHECK(missing_right({"PROCESS", "TRIGGER", "SELECT"}, version).empty());
    CHECK(missing_right({"TRIGGER", "SHOW_ROUTINE"}, version).empty());
  }
  CHECK(missing_right({"TRIGGER"}, mysql_8) == "SHOW_ROUTINE ON *.*");
  CHECK(missing_right({"TRIGGER"}, mysql_57).empty());  // the table of routines says itself that it may not be read
  CHECK(missing_right({"TRIGGER"}, mariadb).empty());
}
