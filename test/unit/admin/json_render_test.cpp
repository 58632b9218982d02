#include "admin/json_render.hpp"

#include "admin/session_detail.hpp"
#include "test/unit/admin/listing_fixture.hpp"

#include <catch2/catch.hpp>

namespace sessiongate::admin {
namespace {

using json = nlohmann::ordered_json;
using test::make_fake;

TEST_CASE_METHOD(test::listing_fixture, "a list is an array with its counts", "[admin][json_render]") {
  const auto first = make_fake();
  first->add_server(16, 3221562906)->begin_request();
  first->publish_running(true);
  REQUIRE(sessions.add(first));
  REQUIRE(sessions.add(make_fake({.cs_id = session::cs_id_min + 2, .database = "shop"})));
  const auto answer = render_json(list({.query = {.limit = 1}}));
  CHECK(answer.status == 200);
  CHECK_FALSE(answer.problem);
  auto body = answer.body;
  const auto connected_at = body["sessions"][0]["connected_at"].get<std::string>();
  CHECK(connected_at.size() == std::string("2026-11-23T14:30:00.123Z").size());
  CHECK(connected_at[10] == 'T');
  CHECK(connected_at.back() == 'Z');
  body["sessions"][0].erase("connected_at");
  CHECK(
      body.dump() ==
      R"({"sessions":[{"proxy_sessid":"4611686018427387905","cs_id":1073741825,"cluster":"obdemo","tenant":"sys",)"
      R"("user":"root","host":"10.0.0.7:63882","db":null,"trans_count":0,"svr_session_count":1,)"
      R"("state":"MCS_ACTIVE_READER","tid":4711,"pid":76286,"using_ssl":false,"connection_id":3221562906,)"
      R"("backend":"10.1.0.1:3306","in_transaction":false,"running":true,"address":"10.0.0.7"}],"count":1,"total":2})");
}

TEST_CASE_METHOD(test::listing_fixture, "a session without server session has no connection_id",
                 "[admin][json_render]") {
  REQUIRE(sessions.add(make_fake({.database = "shop"})));
  const auto row = render_json(list()).body["sessions"][0];
  CHECK(row["connection_id"].is_null());
  CHECK(row["backend"].is_null());
  CHECK(row["db"] == "shop");
}

TEST_CASE("a detail is one object with its server sessions", "[admin][json_render]") {
  const auto target = make_fake();
  target->add_server(16, 77);
  const auto body = render_json(describe_session(*target, {.process_id = 76286})).body;
  CHECK(body.size() == 22 + 1);
  CHECK(body["proxy_sessid"] == "4611686018427387905");
  CHECK(body["cs_id"] == 1073741825);
  CHECK(body["db"].is_null());
  CHECK(body["active"] == false);
  REQUIRE(body["server_sessions"].size() == 1);
  const auto& server = body["server_sessions"][0];
  CHECK(server.size() == 17 + 1);
  CHECK(server["server_sessid"] == 77);
  CHECK(server["ss_id"] == 16);
  CHECK(server["checksum_switch"] == -1);
  CHECK(server["info"] == "last used ss");
}

TEST_CASE("a kill's outcome is given whole", "[admin][json_render]") {
  kill_outcome outcome;
  outcome.cs_id = 5;
  outcome.proxy_sessid = 9223372036854775807U;
  outcome.user = "root";
  outcome.elapsed = std::chrono::microseconds(42);
  CHECK(
      render_json(outcome).body.dump() ==
      R"({"outcome":"killed","status":"killed","cs_id":5,"proxy_sessid":"9223372036854775807","ss_id":null,"connection_id":null,)"
      R"("user":"root","interrupt":"not_needed","backend_error":null,"backend_sqlstate":null,"backend_answer":null,)"
      R"("elapsed_us":42,"was_running":false,"statement":null,"ran_us":null,"was_in_transaction":false,)"
      R"("ending":"at_once","waited_us":0,"ended_with":null,"recoverable":null,"obstacle":null})");
  outcome.status = kill_status::query_interrupted;
  outcome.ss_id = 16;
  outcome.connection_id = 77;
  outcome.interrupt = interrupt_status::backend_refused;
  outcome.backend_error = 1095;
  outcome.backend_sqlstate = "HY000";
  outcome.backend_answer = "no";
  outcome.was_running = true;
  outcome.statement = "SELECT ?";
  outcome.ran = std::chrono::microseconds(7);
  CHECK(
      render_json(outcome).body.dump() ==
      R"({"outcome":"backend_refused","status":"query_interrupted","cs_id":5,"proxy_sessid":"9223372036854775807","ss_id":16,"connection_id":77,)"
      R"("user":"root","interrupt":"backend_refused","backend_error":1095,"backend_sqlstate":"HY000",)"
      R"("backend_answer":"no","elapsed_us":42,"was_running":true,"statement":"SELECT ?","ran_us":7,)"
      R"("was_in_transaction":false,"ending":"at_once","waited_us":0,"ended_with":null,"recoverable":null,"obstacle":null})");
}

TEST_CASE("a gentle kill tells how it came to its end", "[admin][json_render]") {
  kill_outcome outcome;
  outcome.ending = kill_ending::at_timeout;
  outcome.waited = std::chrono::microseconds(9);
  CHECK(render_json(outcome).body["ending"] == "at_timeout");
  CHECK(render_json(outcome).body["waited_us"] == 9);
  outcome = {};
  outcome.status = kill_status::ended_otherwise;
  outcome.ended_with = "client_quit";
  CHECK(render_json(outcome).body["outcome"] == "ended_otherwise");
  CHECK(render_json(outcome).body["ended_with"] == "client_quit");
}

TEST_CASE("failures are problems with a status of their own", "[admin][json_render]") {
  struct row {
    failure_kind kind;
    unsigned status;
    std::string title;
  };
  for (const auto& each :
       {row{failure_kind::malformed, 400, "Bad Request"}, row{failure_kind::unauthorized, 401, "Unauthorized"},
        row{failure_kind::not_owner, 403, "Forbidden"}, row{failure_kind::forbidden, 403, "Forbidden"},
        row{failure_kind::unknown_id, 404, "Not Found"}, row{failure_kind::timeout, 504, "Gateway Timeout"}}) {
    failure what;
    what.kind = each.kind;
    what.message = "why";
    const auto answer = render_json(what);
    CHECK(answer.status == each.status);
    CHECK(answer.problem);
    CHECK(answer.body.dump() == R"({"type":"about:blank","title":")" + each.title + R"(","status":)" +
                                    std::to_string(each.status) + R"(,"detail":"why"})");
  }
}

TEST_CASE("problems carry the candidates and the backend's error", "[admin][json_render]") {
  failure what;
  what.kind = failure_kind::ambiguous;
  what.candidates = {{5, "10.1.0.1:3306", 77}};
  const auto ambiguous = render_json(what);
  CHECK(ambiguous.status == 409);
  CHECK(ambiguous.body["candidates"] == json::parse(R"([{"cs_id":5,"backend":"10.1.0.1:3306","connection_id":77,
      "ids":["cs_id:5","connection_id:77@10.1.0.1:3306"]}])"));
  what = {};
  what.kind = failure_kind::unknown_id;
  what.ended = {5, session::proxy_sessid_min + 5, "2026-01-01T00:00:00.000Z", "client_quit", ""};
  CHECK(render_json(what).body["ended"] == json::parse(R"({"cs_id":5,"proxy_sessid":"4611686018427387909",
      "closed_at":"2026-01-01T00:00:00.000Z","reason":"client_quit","detail":null})"));
  what = {};
  what.kind = failure_kind::backend;
  what.code = 1227;
  what.sqlstate = "42000";
  what.message = "no";
  const auto backend = render_json(what);
  CHECK(backend.status == 502);
  CHECK(backend.body["mysql_error"] == json::parse(R"({"code":1227,"sqlstate":"42000","message":"no"})"));
  CHECK_FALSE(backend.body.contains("candidates"));
}

TEST_CASE("results are summarized in a line for the log", "[admin][result]") {
  kill_outcome outcome;
  outcome.cs_id = 5;
  outcome.proxy_sessid = 6;
  outcome.ss_id = 16;
  outcome.connection_id = 77;
  outcome.user = "root";
  outcome.interrupt = interrupt_status::backend_refused;
  outcome.backend_error = 1095;
  outcome.backend_answer = "no";
  CHECK(summarize(outcome) ==
        "killed cs_id=5 proxy_sessid=6 ss_id=16 connection_id=77 user=root interrupt=backend_refused backend=1095 no "
        "elapsed_us=0");
  failure error;
  error.kind = failure_kind::not_owner;
  error.message = "You are not owner of thread 5";
  CHECK(summarize(error) == "not_owner: You are not owner of thread 5");
  CHECK(summarize(table{.json_name = "x", .columns = {}, .rows = {{}, {}}, .total = 9}) == "2 of 9 rows");
  CHECK(summarize(session_detail{}) == "detail with 0 server sessions");
}

}  // namespace
}  // namespace sessiongate::admin
