#include "admin/http_api.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace sessiongate::admin {
namespace {

namespace http = boost::beast::http;
using http::verb;

http_request make_request(verb method, std::string_view target, std::string_view authorization = "") {
  http_request request(method, {target.data(), target.size()}, 11);
  if (!authorization.empty()) request.set(http::field::authorization, {authorization.data(), authorization.size()});
  return request;
}

http_answer answer_to(const http_request& request) {
  const auto route = route_request(request);
  REQUIRE(std::holds_alternative<http_answer>(route));
  return std::get<http_answer>(route);
}

template <class Command>
Command command_of(verb method, std::string_view target) {
  const auto route = route_request(make_request(method, target));
  if (const auto* answer = std::get_if<http_answer>(&route)) FAIL(answer->body.dump());
  REQUIRE(std::holds_alternative<command>(route));
  return std::get<Command>(std::get<command>(route));
}

TEST_CASE("paths and methods lead to commands", "[admin][http_api]") {
  CHECK(command_of<show_table>(verb::get, "/v1/sessions").query.empty());
  CHECK(command_of<show_table>(verb::head, "/v1/sessions?").query.empty());
  CHECK(command_of<show_session>(verb::get, "/v1/sessions/5").id == 5U);
  CHECK(command_of<show_session>(verb::head, "/v1/sessions/5").id == 5U);
  CHECK(command_of<show_session>(verb::get, "/v1/sessions/-1").id == 4294967295U);
  CHECK(to_text(command_of<show_session>(verb::get, "/v1/sessions/5?like=server%25").query.where) ==
        "`attribute_name` LIKE 'server%'");
  CHECK(command_of<kill_session>(verb::delete_, "/v1/sessions/9223372036854775807").id == 9223372036854775807U);
  const auto server = command_of<kill_server_session>(verb::delete_, "/v1/sessions/5/server-sessions/16");
  CHECK(server.id == 5);
  CHECK(server.ss_id == 16);
  CHECK(command_of<kill_query>(verb::post, "/v1/sessions/5/kill-query").id == 5);
}

TEST_CASE("paths name sessions by the id that they say", "[admin][http_api]") {
  const auto id = [](std::string part) {
    return to_text(command_of<kill_session>(verb::delete_, "/v1/sessions/" + std::move(part)).id);
  };
  CHECK(id("cs_id:5") == "cs_id:5");
  CHECK(id("CS_ID%3A5") == "cs_id:5");
  CHECK(id("connection_id:+5") == "connection_id:5");
  CHECK(id("connection_id:5@10.0.0.1:3306") == "connection_id:5@10.0.0.1:3306");
  CHECK(id("connection_id%3A5%40%5B%3A%3A1%5D%3A3306") == "connection_id:5@[::1]:3306");
  CHECK(id("connection_id:5@unix:%2Frun%2Fmy%20db.sock") == "connection_id:5@unix:/run/my db.sock");
  for (const auto* wrong : {"cs_id:", "cs_id:x", "cs_id:5@db", "connection_id:@db", "connection_id:5@", "ss_id:5",
                            "5@db", "connection_id:5%4", "%"}) {
    CAPTURE(wrong);
    CHECK(answer_to(make_request(verb::delete_, std::string("/v1/sessions/") + wrong)).status == 400);
  }
}

TEST_CASE("requests say how and why to kill", "[admin][http_api]") {
  using namespace std::chrono_literals;
  const auto how =
      command_of<kill_session>(verb::delete_, "/v1/sessions/5?reason=runaway%20report&after=Transaction&timeout=0.5")
          .how;
  CHECK(how == kill_manner{kill_moment::after_transaction, 500ms, "runaway report"});
  CHECK(command_of<kill_server_session>(verb::delete_, "/v1/sessions/5/server-sessions/16?after=statement").how.when ==
        kill_moment::after_statement);
  CHECK(command_of<kill_query>(verb::post, "/v1/sessions/5/kill-query?reason=x").how.reason == "x");
  for (const auto* wrong :
       {"/v1/sessions/5?after=lunch", "/v1/sessions/5?timeout=30", "/v1/sessions/5?after=statement&timeout=-1",
        "/v1/sessions/5?after=statement&timeout=", "/v1/sessions/5?reason=a%0Ab", "/v1/sessions/5?why=x"}) {
    CAPTURE(wrong);
    CHECK(answer_to(make_request(verb::delete_, wrong)).status == 400);
  }
  CHECK(answer_to(make_request(verb::delete_, "/v1/sessions/5?reason=" + std::string(257, 'x'))).body["detail"] ==
        "reason has to be one line of at most 256 bytes, without control characters");
  CHECK(answer_to(make_request(verb::post, "/v1/sessions/5/kill-query?after=statement")).status == 400);
  CHECK(answer_to(make_request(verb::get, "/v1/sessions/5?reason=x")).status == 400);
}

TEST_CASE("the body of a POST may say it, too", "[admin][http_api]") {
  const auto post = [](std::string body) {
    auto request = make_request(verb::post, "/v1/sessions/5/kill-query");
    request.body() = std::move(body);
    return route_request(request);
  };
  CHECK(std::get<kill_query>(std::get<command>(post(R"({"reason": "why"})"))).how.reason == "why");
  CHECK(std::get<kill_query>(std::get<command>(post("{}"))).how.reason.empty());
  for (const auto* wrong : {"x", "[]", "5", R"({"reason": 5})", R"({"after": "statement"})", R"({"nope": 1})",
                            R"({"reason": "a
b"})"}) {
    CAPTURE(wrong);
    CHECK(std::get<http_answer>(post(wrong)).status == 400);
  }
}

http_route kill_several(std::string body) {
  auto request = make_request(verb::post, "/v1/kill");
  request.body() = std::move(body);
  return route_request(request);
}

TEST_CASE("a body says which sessions to kill", "[admin][http_api]") {
  const auto read = [](std::string body) {
    auto route = kill_several(std::move(body));
    if (const auto* wrong = std::get_if<http_answer>(&route)) FAIL(wrong->body.dump());
    return std::get<kill_matching>(std::get<command>(std::move(route)));
  };
  const auto all = read(R"({"where": {"user": "app", "idle": {"gt": 300, "le": 900}, "db": null, "cs_id": [1, 2],
      "in_transaction": true, "info": {"not_like": "%x%"}, "state": {"not_in": ["a"]}, "backend": {"is_null": false}},
      "filter": "Time > 1 AND Tenant != 'sys'", "dry_run": true, "max": 5, "limit": 3, "mode": "session",
      "include_self": true, "reason": "why", "after": "transaction", "timeout": 1.5})");
  CHECK(to_text(all.where).find("`user` = 'app'") != std::string::npos);
  for (const auto* test :
       {"`user` = 'app'", "`idle` > 300", "`idle` <= 900", "`db` IS NULL", "`cs_id` IN (1, 2)", "`in_transaction` = 1",
        "`info` NOT LIKE '%x%'", "`state` NOT IN ('a')", "`backend` IS NOT NULL", "`Time` > 1", "`Tenant` != 'sys'"}) {
    CAPTURE(test);
    CHECK(to_text(all.where).find(test) != std::string::npos);
  }
  CHECK(all.where.all.size() == 11);
  CHECK((all.dry_run && all.include_self && !all.query));
  CHECK(all.max == 5U);
  CHECK(all.limit == 3U);
  CHECK(all.how == kill_manner{kill_moment::after_transaction, std::chrono::milliseconds(1500), "why"});
  CHECK(read(R"({"filter": "a = 1", "mode": "query"})").query);
  CHECK(to_text(read(R"({"where": {"host": "::1"}})").where) == "`address` = '::1'");
  CHECK(to_text(read(R"({"where": {"host": "::1", "filter": "x"}})").where) == "`filter` = 'x' AND `address` = '::1'");
}

TEST_CASE("a body that does not say which sessions is refused", "[admin][http_api]") {
  for (const auto* wrong : {"",
                            "x",
                            "[]",
                            "null",
                            "{}",
                            R"({"dry_run": true})",
                            R"({"where": {}})",
                            R"({"where": []})",
                            R"({"filter": ""})",
                            R"({"filter": 5})",
                            R"({"filter": "a = 1 OR b = 2"})",
                            R"({"where": {"a": {}}})",
                            R"({"where": {"a": []}})",
                            R"({"where": {"a": {"gt": null}}})",
                            R"({"where": {"a": {"gt": [1]}}})",
                            R"({"where": {"a": {"in": 1}}})",
                            R"({"where": {"a": {"nope": 1}}})",
                            R"({"where": {"a": [[1]]}})",
                            R"({"where": {"a": {"is_null": 1}}})",
                            R"({"where": {"a": 1, "a": 2}})",
                            R"({"filter": "a = 1", "filter": "b = 1"})",
                            R"({"filter": "a = 1", "max": 0})",
                            R"({"filter": "a = 1", "max": -1})",
                            R"({"filter": "a = 1", "max": "5"})",
                            R"({"filter": "a = 1", "limit": 1.5})",
                            R"({"filter": "a = 1", "dry_run": 1})",
                            R"({"filter": "a = 1", "mode": "soft"})",
                            R"({"filter": "a = 1", "mode": null})",
                            R"({"filter": "a = 1", "timeout": 5})",
                            R"({"filter": "a = 1", "after": "lunch"})",
                            R"({"filter": "a = 1", "mode": "query", "after": "statement"})",
                            R"({"filter": "a = 1", "id": 5})",
                            R"({"filter": "a = 1", "reason": "a\nb"})"}) {
    CAPTURE(wrong);
    const auto route = kill_several(wrong);
    REQUIRE(std::holds_alternative<http_answer>(route));
    CHECK(std::get<http_answer>(route).status == 400);
  }
  CHECK(answer_to(make_request(verb::post, "/v1/kill?filter=a%3D1")).status == 400);
  CHECK(answer_to(make_request(verb::get, "/v1/kill")).allow == "POST");
}

TEST_CASE("filters are decoded", "[admin][http_api]") {
  const auto query = [](std::string text) {
    return command_of<show_table>(verb::get, "/v1/sessions?" + std::move(text)).query;
  };
  CHECK(to_text(query("user=r%6Fot&tenant=a+b&cluster=c%2B%26&db=&state=MCS_INIT").where) ==
        "`user` = 'root' AND `tenant` = 'a b' AND `cluster` = 'c+&' AND `db` IS NULL AND `state` = 'MCS_INIT'");
  CHECK(to_text(query("host=10.0.0.1:5&user=").where) == "`host` = '10.0.0.1:5' AND `user` = ''");
  CHECK(to_text(query("host=10.0.0.1").where) == "`address` = '10.0.0.1'");
  CHECK(to_text(query("host=::1").where) == "`address` = '::1'");
  CHECK(to_text(query("host=%5B::1%5D:5").where) == "`host` = '[::1]:5'");
  CHECK(to_text(query("user_ne=a&cs_id_in=1,2&tenant_not_like=x%25&db_is_null=false&Trans_Count_ge=3").where) ==
        "`user` != 'a' AND `cs_id` IN ('1', '2') AND `tenant` NOT LIKE 'x%' AND `db` IS NOT NULL AND "
        "`Trans_Count` >= '3'");
  CHECK(to_text(query("like=a%25&filter=Id+%3E+5+AND+db+IS+NULL").where) ==
        "`User` LIKE 'a%' AND `Id` > 5 AND `db` IS NULL");
  const auto page = query("limit=20&offset=40&sort=-trans_count,user");
  CHECK(page.limit == 20U);
  CHECK(page.offset == 40U);
  CHECK(page.order == std::vector<sort_key>{{"trans_count", true}, {"user", false}});
}

TEST_CASE("text is for those who ask for it", "[admin][http_api]") {
  auto request = make_request(verb::get, "/v1/ping");
  CHECK(make_result_response(request, acknowledgement{})[http::field::content_type] == "application/json");
  request.set(http::field::accept, "text/plain");
  const auto plain = make_result_response(request, acknowledgement{});
  CHECK(plain[http::field::content_type] == "text/plain; charset=utf-8");
  CHECK(plain.body() == "OK\n");
  const auto wrong = make_result_response(request, failure{});
  CHECK(wrong.result_int() == 400);
  CHECK(wrong[http::field::content_type] == "application/problem+json");
}

TEST_CASE("what the caller has already is not sent again", "[admin][http_api]") {
  auto request = make_request(verb::get, "/v1/ping");
  const auto first = make_result_response(request, acknowledgement{});
  const auto tag = std::string(first[http::field::etag]);
  CHECK(tag.size() > 2);
  for (const auto& known : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    request.set(http::field::if_none_match, known);
    const auto again = make_result_response(request, acknowledgement{});
    CHECK(again.result_int() == 304);
    CHECK(again.body().empty());
    CHECK(again[http::field::etag] == tag);
  }
  CHECK(make_result_response(request, failure{}).result_int() == 400);
  request.set(http::field::if_none_match, tag);
  CHECK(make_result_response(request, acknowledgement{"changed"}).result_int() == 200);
  request.set(http::field::accept, "text/plain");
  CHECK(make_result_response(request, acknowledgement{}).result_int() == 200);

  auto head = make_request(verb::head, "/v1/ping");
  const auto headers = make_result_response(head, acknowledgement{});
  CHECK(headers[http::field::etag] == tag);
  CHECK(headers.body().empty());

  auto change = make_request(verb::put, "/v1/config/x");
  change.set(http::field::if_none_match, "*");
  CHECK(make_result_response(change, acknowledgement{}).result_int() == 200);
}

TEST_CASE("what cannot be meant is a bad request", "[admin][http_api]") {
  struct row {
    verb method;
    std::string_view target;
  };
  for (const auto& each : {row{verb::get, "/v1/sessions?usr=x"},
                           row{verb::get, "/v1/sessions?user=x&user=y"},
                           row{verb::get, "/v1/sessions?user=%4"},
                           row{verb::get, "/v1/sessions?user=%zz"},
                           row{verb::get, "/v1/sessions?user=%-1"},
                           row{verb::get, "/v1/sessions?user=x&"},
                           row{verb::get, "/v1/sessions?=x"},
                           row{verb::get, "/v1/sessions?limit="},
                           row{verb::get, "/v1/sessions?limit=-1"},
                           row{verb::get, "/v1/sessions?limit=1.5"},
                           row{verb::get, "/v1/sessions?limit=x"},
                           row{verb::get, "/v1/sessions?limit=99999999999999999999"},
                           row{verb::get, "/v1/sessions?user_xx=x"},
                           row{verb::get, "/v1/sessions?full=1"},
                           row{verb::get, "/v1/sessions?db_is_null=x"},
                           row{verb::get, "/v1/sessions?filter=x"},
                           row{verb::get, "/v1/sessions?filter=Id%3D1;x"},
                           row{verb::get, "/v1/ping?x=1"},
                           row{verb::get, "/v1/sessions/5?sort=value"},
                           row{verb::get, "/v1/sessions/abc"},
                           row{verb::get, "/v1/sessions/1.5"},
                           row{verb::get, "/v1/sessions/0x10"},
                           row{verb::get, "/v1/sessions/"},
                           row{verb::get, "/v1/sessions/5?user=x"},
                           row{verb::delete_, "/v1/sessions/18446744073709551616"},
                           row{verb::delete_, "/v1/sessions/5?dry_run=1"},
                           row{verb::delete_, "/v1/sessions/5/server-sessions/x"},
                           row{verb::delete_, "/v1/sessions/5/server-sessions/"},
                           row{verb::post, "/v1/sessions/x/kill-query"}}) {
    CAPTURE(each.target);
    const auto answer = answer_to(make_request(each.method, each.target));
    CHECK(answer.status == 400);
    CHECK(answer.problem);
  }
}

TEST_CASE("unknown paths are not found", "[admin][http_api]") {
  for (const auto target : {"/", "*", "", "/v1", "/v1/", "/v1/sessionsx", "/v2/sessions", "/V1/sessions", "/healthz/",
                            "/v1/sessions/5/", "/v1/sessions/5/x", "/v1/sessions/5/server-sessions",
                            "/v1/sessions/5/server-sessions/1/2", "/v1/sessions//5", "//v1/sessions"}) {
    CAPTURE(target);
    CHECK(answer_to(make_request(verb::get, target)).status == 404);
  }
}

TEST_CASE("wrong methods are told the right ones", "[admin][http_api]") {
  struct row {
    std::string_view target;
    std::string allow;
    std::vector<verb> wrong;
  };
  for (const auto& each :
       {row{"/v1/sessions", "GET, HEAD", {verb::post, verb::delete_, verb::put, verb::options, verb::unknown}},
        row{"/v1/sessions/5", "GET, HEAD, DELETE", {verb::post, verb::put, verb::patch}},
        row{"/v1/sessions/5/kill-query", "POST", {verb::get, verb::head, verb::delete_}},
        row{"/v1/sessions/5/server-sessions/1", "DELETE", {verb::get, verb::head, verb::post}},
        row{"/healthz", "GET, HEAD", {verb::post, verb::delete_}}, row{"/metrics", "GET, HEAD", {verb::post}}}) {
    for (const auto method : each.wrong) {
      CAPTURE(each.target, http::to_string(method));
      const auto request = make_request(method, each.target);
      const auto answer = answer_to(request);
      CHECK(answer.status == 405);
      CHECK(make_response(request, answer)[http::field::allow] == each.allow);
    }
  }
}

TEST_CASE("open pages", "[admin][http_api]") {
  for (const auto method : {verb::get, verb::head}) {
    CHECK(std::get<open_page>(route_request(make_request(method, "/healthz"))) == open_page::health);
    CHECK(std::get<open_page>(route_request(make_request(method, "/readyz?verbose"))) == open_page::readiness);
    CHECK(std::get<open_page>(route_request(make_request(method, "/metrics"))) == open_page::metrics);
  }
}

TEST_CASE("responses say what they are", "[admin][http_api]") {
  auto request = make_request(verb::get, "/v1/sessions");
  const auto plain = make_response(request, {.body = {{"a", 1}}});
  CHECK(plain.result_int() == 200);
  CHECK(plain[http::field::server] == "sessiongate");
  CHECK(plain[http::field::content_type] == "application/json");
  CHECK(plain[http::field::content_length] == "8");
  CHECK(plain.body() == "{\"a\":1}\n");
  CHECK(plain.keep_alive());

  request.keep_alive(false);
  const auto problem = make_response(request, make_problem(404, "x"));
  CHECK(problem[http::field::content_type] == "application/problem+json");
  CHECK_FALSE(problem.keep_alive());
}

TEST_CASE("HEAD is GET without the body", "[admin][http_api]") {
  const auto response = make_response(make_request(verb::head, "/v1/sessions"), {.body = {{"a", 1}}});
  CHECK(response.body().empty());
  CHECK(response[http::field::content_length] == "8");
}

TEST_CASE("names that are not UTF-8 do not break a body", "[admin][http_api]") {
  const auto response = make_response(make_request(verb::get, "/v1/sessions"), {.body = {{"user", "\xFF\xFE"}}});
  CHECK(nlohmann::json::accept(response.body()));
}

}  // namespace
}  // namespace sessiongate::admin
