// Session state in OK packets: what the proxy learns, and what a client that did not ask for it gets to see.
#include "protocol/response_tracker.hpp"

#include "protocol/script.hpp"

#include <catch2/catch.hpp>

#include "protocol/packet.hpp"

namespace sessiongate::protocol {
namespace {

using script::event;
using script::scenario;
using script::server;
using events = std::vector<event>;

constexpr auto tracked = client_session_track;
constexpr auto done = event::response_complete;

bytes payload_of(const server& one_packet) {
  return {one_packet.data().begin() + packet_header_size, one_packet.data().end()};
}

TEST_CASE("response_tracker hands out the session state and passes it to a client that asked") {
  const std::string schema(GENERATE(1U, 20U, 200U), 's');
  const auto sent = server().state_ok(0x00, status_autocommit, GENERATE("", "Rows matched: 1"), schema);
  const auto outcome = scenario{tracked, tracked, {command::query}}.replay_all(sent.data());
  CHECK(outcome.forwarded == sent.data());
  REQUIRE(outcome.kinds() == events{done});
  CHECK(outcome.events[0].state_ok == payload_of(sent));
  CHECK(outcome.events[0].status == (status_autocommit | status_session_state_changed));
}

TEST_CASE("response_tracker cuts the session state for a client that did not ask") {
  const std::string info = GENERATE("", "Rows matched: 1  Changed: 1  Warnings: 0");
  const auto type = GENERATE(command::query, command::init_db, command::stmt_execute, command::change_user,
                             command::reset_connection, static_cast<command>(0x77));
  const auto sent = server().state_ok(0x00, status_autocommit, info, "shop");
  const auto outcome = scenario{tracked, 0, {type}}.replay_all(sent.data());
  CHECK(outcome.forwarded == server().ok(status_autocommit, info).data());
  REQUIRE(outcome.kinds() == events{done});
  CHECK(outcome.events[0].state_ok == payload_of(sent));
}

TEST_CASE("response_tracker cuts the session state with all other bytes around it left alone") {
  const auto flags = tracked | client_deprecate_eof;
  server sent;
  sent.payload({1}).definition().row("one").state_ok(0xFE, status_more_results, "", "shop");
  sent.state_ok(0x00, status_autocommit, "info", "shop").restart_ids().ok();
  server expected;
  expected.payload({1}).definition().row("one").ok_end(status_more_results);
  expected.ok(status_autocommit, "info").restart_ids().ok();
  const auto outcome = scenario{flags, client_deprecate_eof, {command::query, command::ping}}.replay_all(sent.data());
  CHECK(outcome.forwarded == expected.data());
  CHECK(outcome.kinds() == events{event::result_complete, done, done});
}

TEST_CASE("response_tracker leaves OK packets alone that are the same with and without session state") {
  const auto sent = server().ok(status_autocommit, "Rows matched: 1");
  const auto outcome = scenario{tracked, 0, {command::query}}.replay_all(sent.data());
  CHECK(outcome.forwarded == sent.data());
  CHECK(outcome.events[0].state_ok.empty());
}

TEST_CASE("response_tracker looks for session state only when it was negotiated") {
  const auto sent = server().state_ok(0x00, status_autocommit, "", "shop");
  const auto outcome = scenario{0, 0, {command::query}}.replay_all(sent.data());
  CHECK(outcome.forwarded == sent.data());
  CHECK(outcome.events[0].state_ok.empty());
}

TEST_CASE("response_tracker takes no other packet for an OK with state") {
  const auto like_state = server().state_ok(0x00, status_autocommit, "", "shop");
  const auto outcome = scenario{tracked, 0, {command::statistics}}.replay_all(like_state.data());
  CHECK(outcome.forwarded == like_state.data());

  server rows;
  rows.payload({1}).definition().eof().state_ok(0x00, 0, "", "row").state_ok(0xFE, 0, "", "row").eof();
  const auto in_rows = scenario{tracked, 0, {command::stmt_execute}}.replay_all(rows.data());
  CHECK(in_rows.forwarded == rows.data());
  CHECK(in_rows.kinds() == events{done});
}

TEST_CASE("response_tracker passes a malformed OK with state untouched") {
  constexpr std::uint8_t changed = status_session_state_changed >> 8U;
  const auto broken =
      GENERATE_COPY(bytes{0, 0, 0, 2, changed}, bytes{0, 0, 0, 2, changed, 0, 0},
                    bytes{0, 0, 0, 2, changed, 0, 0, 9, 'x'}, bytes{0, 0, 0, 2, changed, 0, 0, 0, 9, 'x'},
                    bytes{0, 0, 0, 2, changed, 0, 0, 0, 1, 'x', 'y'}, bytes{0, 0, 0, 2, changed, 0, 0, 0xFF});
  const auto sent = server().payload(broken).ok();
  const auto outcome = scenario{tracked, 0, {command::query, command::ping}}.replay_all(sent.data());
  CHECK(outcome.forwarded == sent.data());
  CHECK(outcome.kinds() == events{done, done});
}

TEST_CASE("response_tracker gives a whole OK with state as a view of the input") {
  response_tracker tracker;
  tracker.negotiated(tracked, tracked);
  tracker.expect(command::query);
  const auto sent = server().state_ok(0x00, status_autocommit, "", "shop").data();
  const auto step = tracker.advance(sent);
  CHECK(step.forward.data() == sent.data());
  CHECK(step.state_ok.data() == sent.data() + packet_header_size);
}

TEST_CASE("response_tracker lets a rewritten OK out in the call that takes its last byte") {
  response_tracker tracker;
  tracker.negotiated(tracked, 0);
  tracker.expect(command::query);
  const auto sent = server().state_ok(0x00, status_autocommit, "", "shop").data();
  const auto begun = tracker.advance(bytes_view(sent).first(sent.size() - 1));
  CHECK(begun.consumed == sent.size() - 1);
  CHECK(begun.forward.empty());
  const auto step = tracker.advance(bytes_view(sent).last(1));
  CHECK(step.what == done);
  CHECK(bytes(step.forward.begin(), step.forward.end()) == server().ok().data());
  CHECK(tracker.idle());
}

}  // namespace
}  // namespace sessiongate::protocol
