// Session state in OK packets: what the proxy learns, and what a client that did not ask for it gets to see.
#include "protocol/response_tracker.hpp"

#include "protocol/script.hpp"

#include <catch2/catch.hpp>

#include "protocol/ok_packet.hpp"
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

/// An OK that reports a schema, sql_mode (not by default) and autocommit.
bytes report_of_three(std::string_view state, status_flags status = status_autocommit | status_session_state_changed) {
  bytes content;
  write_ok_packet(content, {.status = status, .info = {}, .state_info = state}, tracked);
  bytes packet;
  std::uint8_t sequence_id = 1;
  append_packet(packet, sequence_id, content);
  return packet;
}

bytes forwarded_of(const bytes& sent, bool narrow) {
  response_tracker tracker;
  tracker.negotiated(tracked, tracked);
  tracker.narrow_state(narrow);
  tracker.expect(command::query);
  const auto step = tracker.advance(sent);
  CHECK(step.what == done);
  CHECK(bytes(step.state_ok.begin(), step.state_ok.end()) == bytes(sent.begin() + packet_header_size, sent.end()));
  return {step.forward.begin(), step.forward.end()};
}

TEST_CASE(
    "response_tracker leaves a tracking client only what servers report by default when the proxy asked for more") {
  const std::string schema("\x01\x05\x04shop", 7);
  const std::string mode(
      "\x00\x0d\x08sql_mode\x03"
      "ABC",
      15);
  const std::string commit(
      "\x00\x0f\x0a"
      "autocommit\x03OFF",
      17);
  const auto all = report_of_three(schema + mode + commit);
  CHECK(forwarded_of(all, false) == all);
  CHECK(forwarded_of(all, true) == report_of_three(schema + commit));
  CHECK(forwarded_of(report_of_three(schema), true) == report_of_three(schema));
  // With nothing left the flag goes, too, and the empty info: so does the server write it.
  const auto nothing = forwarded_of(report_of_three(mode), true);
  bytes content;
  write_ok_packet(content, {.status = status_autocommit, .info = {}, .state_info = {}}, 0);
  bytes expected;
  std::uint8_t sequence_id = 1;
  append_packet(expected, sequence_id, content);
  CHECK(nothing == expected);
}

TEST_CASE("response_tracker tells a last_insert_id once, and of an OK only") {
  response_tracker tracker;
  tracker.negotiated(0, 0);
  for (int count = 0; count < 3; ++count) tracker.expect(command::query);
  server sent;
  sent.payload({0x00, 0x01, 0xFC, 0x39, 0x30, 0x02, 0x00, 0x00, 0x00});
  CHECK(tracker.advance(sent.data()).what == done);
  CHECK(tracker.take_insert_id() == 12345);
  CHECK(tracker.take_insert_id() == 0);
  CHECK(tracker.advance(server().payload({0x00, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00}).data()).what == done);
  CHECK(tracker.take_insert_id() == 0);
  CHECK(tracker.advance(server().err(1062).data()).what == done);
  CHECK(tracker.take_insert_id() == 0);
}

TEST_CASE("response_tracker names the same command by the same place, all around its queue") {
  response_tracker tracker;
  tracker.negotiated(0, 0);
  const auto ok = server().payload({0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00}).data();
  for (int round = 0; round < 150; ++round) {
    tracker.expect(command::query);
    const auto first = tracker.place_sent();
    tracker.expect(command::query);
    const auto second = tracker.place_sent();
    CHECK(first != second);
    CHECK(tracker.advance(ok).what == done);
    CHECK(tracker.place_ended() == first);
    CHECK(tracker.advance(ok).what == done);
    CHECK(tracker.place_ended() == second);
  }
}

}  // namespace
}  // namespace sessiongate::protocol
