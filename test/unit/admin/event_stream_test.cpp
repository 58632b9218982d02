#include "admin/event_stream.hpp"

#include "admin/event_table.hpp"
#include "test/unit/admin/execute_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>

namespace sessiongate::admin {
namespace {

namespace http = boost::beast::http;

http_request request_for(std::string_view target, std::string_view accept = "text/event-stream",
                         std::string_view last_seen = {}) {
  http_request made(http::verb::get, {target.data(), target.size()}, 11);
  made.set(http::field::accept, {accept.data(), accept.size()});
  if (!last_seen.empty()) made.set("Last-Event-ID", {last_seen.data(), last_seen.size()});
  return made;
}

command command_of(const http_request& request) {
  auto route = route_request(request);
  REQUIRE(std::holds_alternative<command>(route));
  return std::get<command>(std::move(route));
}

std::variant<event_subscription, failure> ask(const http_request& request, const principal& who) {
  const auto what = command_of(request);
  return subscribe(request, std::get<show_table>(what), who);
}

struct fixture : test::execute_fixture {
  event_subscription subscribed(std::string_view target, const principal& who) {
    auto made = ask(request_for(target), who);
    if (const auto* wrong = std::get_if<failure>(&made)) FAIL(wrong->message);
    return std::get<event_subscription>(std::move(made));
  }

  event closed_of(const std::string& user, const std::string& tenant = "sys") {
    event made{.id = 17, .type = event_type::session_closed};
    made.owner = std::make_shared<session::identity>(
        session::identity{.user = user, .tenant = tenant, .cluster = "obdemo", .attributes = {}});
    made.proxy_sessid = 6483098576305681319;
    made.cs_id = 1073741830;
    made.host = "10.0.0.7:63882";
    made.outcome = "client_quit";
    made.duration = std::chrono::microseconds(1500);
    return made;
  }
};

TEST_CASE("events are streamed to those who ask for a stream", "[admin][event_stream]") {
  const auto stream = request_for("/v1/events");
  CHECK(asks_for_stream(stream, command_of(stream)));
  const auto several = request_for("/v1/events?type=kill", "text/html, text/event-stream;q=0.9");
  CHECK(asks_for_stream(several, command_of(several)));
  const auto json = request_for("/v1/events", "application/json");
  CHECK_FALSE(asks_for_stream(json, command_of(json)));
  const auto sessions = request_for("/v1/sessions");
  CHECK_FALSE(asks_for_stream(sessions, command_of(sessions)));
  auto head = request_for("/v1/events");
  head.method(http::verb::head);
  CHECK_FALSE(asks_for_stream(head, command_of(head)));
}

TEST_CASE_METHOD(fixture, "an event is its id, its type and one line of JSON", "[admin][event_stream]") {
  const auto text = to_stream(closed_of("app"), subscribed("/v1/events", token));
  CHECK(text.starts_with("id: 17\nevent: session_closed\ndata: {\"id\":17,\"at\":\""));
  CHECK(text.ends_with("}\n\n"));
  CHECK(std::ranges::count(text, '\n') == 4);
  const auto data = nlohmann::json::parse(text.substr(text.find('{')));
  CHECK(data["type"] == "session_closed");
  CHECK(data["user"] == "app");
  CHECK(data["proxy_sessid"] == "6483098576305681319");
  CHECK(data["outcome"] == "client_quit");
  CHECK(data["duration_us"] == 1500);
  CHECK(data["db"].is_null());
}

TEST_CASE_METHOD(fixture, "whatever bytes names are made of, an event stays one", "[admin][event_stream]") {
  std::mt19937 random(4711);  // NOLINT(cert-msc51-cpp): the same bytes each time
  std::uniform_int_distribution<int> byte(0, 255);
  const auto all = subscribed("/v1/events", token);
  for (int round = 0; round < 1000; ++round) {
    std::string name(20, '\0');
    std::ranges::generate(name, [&] { return static_cast<char>(byte(random)); });
    auto happened = closed_of(name);
    happened.detail = name;
    const auto text = to_stream(happened, all);
    REQUIRE(std::ranges::count(text, '\n') == 4);
    REQUIRE(std::ranges::count(text, '\r') == 0);
    CHECK(nlohmann::json::parse(text.substr(text.find('{')))["id"] == 17);
  }
}

TEST_CASE_METHOD(fixture, "filters choose events as they choose rows", "[admin][event_stream]") {
  const auto happened = closed_of("app");
  for (const auto* wanted : {"/v1/events?type=session_closed", "/v1/events?user=app&cluster=obdemo&tenant=sys",
                             "/v1/events?type_in=kill,session_closed", "/v1/events?like=session%25",
                             "/v1/events?filter=duration_us%20%3E%201000%20AND%20User%20%3D%20'app'"}) {
    INFO(wanted);
    CHECK_FALSE(to_stream(happened, subscribed(wanted, token)).empty());
  }
  for (const auto* unwanted : {"/v1/events?type=kill", "/v1/events?user=root", "/v1/events?duration_us_gt=1500"}) {
    INFO(unwanted);
    CHECK(to_stream(happened, subscribed(unwanted, token)).empty());
  }
}

TEST_CASE_METHOD(fixture, "what cannot be followed is refused", "[admin][event_stream]") {
  const auto message_of = [&](std::string_view target, std::string_view last_seen = {}) {
    const auto made = ask(request_for(target, "text/event-stream", last_seen), token);
    REQUIRE(std::holds_alternative<failure>(made));
    return std::get<failure>(made).message;
  };
  CHECK(message_of("/v1/events?limit=5") == "A stream of events takes no sort, limit or offset");
  CHECK(message_of("/v1/events?sort=id") == "A stream of events takes no sort, limit or offset");
  CHECK(message_of("/v1/events?filter=nope%20%3D%201") == "Unknown column 'nope' in 'where clause'");
  for (const auto* wrong : {"abc", "-1", "5x", "99999999999999999999"})
    CHECK(message_of("/v1/events", wrong) == "Last-Event-ID is no number");
  const auto good = ask(request_for("/v1/events", "text/event-stream", "42"), token);
  CHECK(std::get<event_subscription>(good).last_seen == 42);
}

TEST_CASE_METHOD(fixture, "one sees the events of sessions that one may list", "[admin][event_stream]") {
  const auto happened = closed_of("app");
  CHECK(event_row(happened, token));
  CHECK(event_row(happened, other));           // its own
  CHECK_FALSE(event_row(happened, owner));     // another user
  CHECK_FALSE(event_row(happened, stranger));  // another cluster
  owner.rights.sees_others = true;
  CHECK(event_row(happened, owner));
  auto nobody = closed_of("app");
  nobody.owner = nullptr;
  CHECK(event_row(nobody, token));
  CHECK_FALSE(event_row(nobody, other));
  const event backend{.id = 1, .type = event_type::backend_state};
  CHECK(event_row(backend, token));
  CHECK_FALSE(event_row(backend, other));
}

TEST_CASE_METHOD(fixture, "a kill tells its target to those who may list it, and else only its answer",
                 "[admin][event_stream]") {
  const auto target = add({.cs_id = test::first_id, .user = "app"}, 7);
  kill_log trail(10);
  context.trail = &trail;
  fail(kill_session{test::first_id}, stranger);
  const event happened{.id = 5, .type = event_type::kill, .killed = trail.list().front()};
  const auto column = [&](std::string_view name, const principal& who) {
    return (*event_row(happened, who))[find_column(event_columns(), name)];
  };
  REQUIRE(event_row(happened, stranger));
  CHECK(column("outcome", stranger) == cell(std::string("not_found")));
  CHECK(column("by", stranger) == cell(to_text(stranger)));
  for (const auto* hidden : {"cs_id", "user", "host", "backend", "connection_id", "statement"})
    CHECK(column(hidden, stranger) == cell());
  CHECK(column("user", other) == cell(std::string("app")));  // it is the owner of the target
  CHECK(column("kill_number", token) == cell(std::int64_t{1}));
  CHECK_FALSE(event_row(happened, owner));
}

TEST_CASE("notices are events and comments as the standard has them", "[admin][event_stream]") {
  CHECK(gap_notice({.after = 10, .gap = true, .missed = 3}, 7) ==
        "id: 10\nevent: gap\ndata: {\"last_seen\":7,\"next\":11,\"missed\":3}\n\n");
  CHECK(gap_notice({.after = 10, .gap = true}, 4711) ==
        "id: 10\nevent: gap\ndata: {\"last_seen\":4711,\"next\":11,\"missed\":null}\n\n");
  CHECK(heartbeat(10) == ": heartbeat\nid: 10\n\n");
  CHECK(to_chunk(std::string(26, 'x')) == "1a\r\n" + std::string(26, 'x') + "\r\n");
  CHECK(to_chunk("") == "0\r\n\r\n");
  CHECK(stream_head(true).ends_with("Transfer-Encoding: chunked\r\n\r\n"));
  CHECK(stream_head(false).find("chunked") == std::string::npos);
}

}  // namespace
}  // namespace sessiongate::admin
