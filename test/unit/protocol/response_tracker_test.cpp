#include "protocol/response_tracker.hpp"

#include "protocol/script.hpp"

#include <catch2/catch.hpp>

namespace sessiongate::protocol {
namespace {

using script::event;
using script::scenario;
using script::server;
using events = std::vector<event>;

constexpr auto done = event::response_complete;
constexpr auto result_done = event::result_complete;

/// Every way of framing a plain result set: the ends of metadata and rows are written as negotiated.
struct framing {
  capabilities flags;
  bool metadata_flag = false;

  [[nodiscard]] bool short_ends() const { return !has(flags, client_deprecate_eof); }

  void write_end(server& out, status_flags status = status_autocommit) const {
    short_ends() ? out.eof(status) : out.ok_end(status);
  }
  void write_definitions(server& out, std::uint8_t count) const {
    metadata_flag ? out.payload({count, 1}) : out.payload({count});
    out.definitions(count);
    if (short_ends()) out.eof();
  }
  void write_result(server& out, status_flags status = status_autocommit) const {
    write_definitions(out, 2);
    out.row("one").payload({0xFB}).row("three");
    write_end(out, status);
  }
};

framing any_framing() {
  return GENERATE(framing{0}, framing{client_deprecate_eof}, framing{client_optional_resultset_metadata, true},
                  framing{client_optional_resultset_metadata | client_deprecate_eof, true},
                  framing{mariadb_cache_metadata, true}, framing{mariadb_cache_metadata | client_deprecate_eof, true});
}

events replay(capabilities negotiated, std::vector<command> commands, const server& sent) {
  const auto outcome = scenario{negotiated, negotiated, std::move(commands)}.replay_all(sent.data());
  CHECK(outcome.forwarded == sent.data());
  return outcome.kinds();
}

TEST_CASE("response_tracker ends the response of ordinary commands with OK or ERR") {
  const auto sent =
      GENERATE(command::query, command::stmt_execute, command::process_info, command::init_db, command::ping,
               command::reset_connection, command::stmt_reset, command::set_option, command::debug, command::create_db,
               command::drop_db, command::refresh, command::shutdown, command::process_kill, command::register_slave,
               command::mariadb_stmt_bulk_execute, command::sleep, command::daemon, static_cast<command>(0x77));
  CHECK(replay(0, {sent}, server().ok()) == events{done});
  CHECK(replay(0, {sent}, server().err(1064)) == events{done});
  CHECK(replay(0, {sent}, server().eof()) == events{done});
  CHECK(replay(client_deprecate_eof, {sent}, server().ok_end()) == events{done});
  CHECK(replay(client_deprecate_eof, {sent}, server().eof()) == events{done});
}

TEST_CASE("response_tracker tells the id of what was prepared, and can show the client another one") {
  const auto flags = GENERATE(capabilities{0}, client_deprecate_eof);
  const auto prepared = [](std::uint8_t id) { return bytes{0x00, id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; };
  const auto sent = server().payload(prepared(3)).ok().data();
  const auto wanted = server().payload(bytes{0x00, 0x04, 0x03, 0x02, 0x01, 0, 0, 0, 0, 0, 0, 0}).ok().data();
  for (std::size_t cut = 0; cut <= sent.size(); ++cut) {
    for (const bool renumbers : {false, true}) {
      response_tracker tracker;
      tracker.negotiated(flags, flags);
      tracker.expect(command::stmt_prepare);
      tracker.expect(command::ping);
      if (renumbers) tracker.show_prepared_as(0x01020304);
      bytes forwarded;
      for (auto piece : {bytes_view(sent).first(cut), bytes_view(sent).subspan(cut)}) {
        while (!piece.empty()) {
          const auto step = tracker.advance(piece);
          piece = piece.subspan(step.consumed);
          forwarded.insert(forwarded.end(), step.forward.begin(), step.forward.end());
        }
      }
      CHECK(tracker.idle());
      CHECK(tracker.prepared_id() == 3);
      CHECK(forwarded == (renumbers ? wanted : sent));
    }
  }
}

TEST_CASE("response_tracker knows no id of a statement that could not be prepared") {
  response_tracker tracker;
  tracker.expect(command::stmt_prepare);
  tracker.show_prepared_as(7);
  const auto sent = server().err(1064).data();
  CHECK(tracker.advance(sent).forward.size() == sent.size());
  CHECK(tracker.prepared_id() == 0);
}

TEST_CASE("response_tracker follows a result set") {
  const auto how = any_framing();
  const auto sent =
      GENERATE(command::query, command::stmt_execute, command::process_info, command::mariadb_stmt_bulk_execute);
  server out;
  how.write_result(out);
  CHECK(replay(how.flags, {sent}, out) == events{done});
}

TEST_CASE("response_tracker follows rows that are as long as the one before, and others") {
  const auto how = any_framing();
  server out;
  how.write_definitions(out, 1);
  for (const auto length : {3UL, 3UL, 3UL, 7UL, 3UL, 7UL, 7UL, 1UL, 1UL, 40UL, 40UL, 3UL})
    out.row(std::string(length, 'x'));
  how.write_end(out);
  CHECK(replay(how.flags, {command::query}, out) == events{done});
}

TEST_CASE("response_tracker follows several results of one command") {
  const auto how = any_framing();
  server out;
  how.write_result(out, status_more_results);
  how.write_result(out, status_more_results);
  out.ok(status_more_results).ok();
  CHECK(replay(how.flags, {command::query}, out) == events{result_done, result_done, result_done, done});
}

TEST_CASE("response_tracker ends several results with an error in their midst") {
  const auto how = any_framing();
  server out;
  how.write_result(out, status_more_results);
  SECTION("in place of the next result") {
    out.err(1064);
  }
  SECTION("among the definitions") {
    out.payload(how.metadata_flag ? bytes{2, 1} : bytes{2}).definition().err(1064);
  }
  SECTION("in place of the rows") {
    how.write_definitions(out, 2);
    out.err(1317);
  }
  SECTION("among the rows") {
    how.write_definitions(out, 1);
    out.row("one").err(1317);
  }
  CHECK(replay(how.flags, {command::query}, out) == events{result_done, done});
}

TEST_CASE("response_tracker knows when the server leaves definitions out") {
  const auto flag = GENERATE(as<capabilities>{}, client_optional_resultset_metadata, mariadb_cache_metadata);
  const auto with_eof =
      server().payload({2, 0}).eof().row("one").eof(status_more_results).payload({2, 1}).definitions(2).eof().eof();
  CHECK(replay(flag, {command::stmt_execute}, with_eof) == events{result_done, done});
  const auto without_eof =
      server().payload({2, 0}).row("one").ok_end(status_more_results).payload({2, 1}).definitions(2).ok_end();
  CHECK(replay(flag | client_deprecate_eof, {command::stmt_execute}, without_eof) == events{result_done, done});
}

TEST_CASE("response_tracker reads long column counts") {
  server out;
  out.payload({0xFC, 0x2C, 0x01}).definitions(300).eof().row("one").eof();
  const auto outcome = scenario{0, 0, {command::query}}.replay_all(out.data());
  CHECK(outcome.kinds() == events{done});
}

TEST_CASE("response_tracker takes the bare string of COM_STATISTICS, or an error") {
  CHECK(replay(0, {command::statistics, command::ping}, server().row("Uptime: 17").restart_ids().ok()) ==
        events{done, done});
  CHECK(replay(0, {command::statistics}, server().err(1227)) == events{done});
}

TEST_CASE("response_tracker follows COM_FIELD_LIST up to its end") {
  CHECK(replay(0, {command::field_list}, server().definitions(3).eof(status_more_results)) == events{done});
  CHECK(replay(client_deprecate_eof, {command::field_list}, server().definitions(3).ok_end()) == events{done});
  CHECK(replay(0, {command::field_list}, server().eof()) == events{done});
  CHECK(replay(0, {command::field_list}, server().err(1146)) == events{done});
  CHECK(replay(0, {command::field_list}, server().definition().err(1146)) == events{done});
}

TEST_CASE("response_tracker follows COM_STMT_PREPARE") {
  const std::vector<command> commands{command::stmt_prepare, command::ping};
  const auto prepared = [](std::uint8_t columns, std::uint8_t parameters) {
    return bytes{0, 1, 0, 0, 0, columns, 0, parameters, 0, 0, 0, 0};
  };
  const auto expected = events{done, done};
  CHECK(replay(0, commands, server().payload(prepared(0, 0)).ok()) == expected);
  CHECK(replay(0, commands, server().payload(prepared(0, 2)).definitions(2).eof().ok()) == expected);
  CHECK(replay(0, commands, server().payload(prepared(3, 0)).definitions(3).eof().ok()) == expected);
  CHECK(replay(0, commands, server().payload(prepared(3, 2)).definitions(2).eof().definitions(3).eof().ok()) ==
        expected);
  const auto eof = client_deprecate_eof;
  CHECK(replay(eof, commands, server().payload(prepared(0, 0)).ok()) == expected);
  CHECK(replay(eof, commands, server().payload(prepared(0, 1)).definitions(1).ok()) == expected);
  CHECK(replay(eof, commands, server().payload(prepared(3, 0)).definitions(3).ok()) == expected);
  CHECK(replay(eof, commands, server().payload(prepared(3, 2)).definitions(5).ok()) == expected);
  CHECK(replay(0, commands, server().err(1064).ok()) == expected);
  CHECK(replay(0, commands, server().payload(prepared(3, 2)).definition().err(1317).ok()) == expected);
  CHECK(replay(0, commands, server().payload({0, 1, 0}).ok()) == expected);
}

TEST_CASE("response_tracker follows COM_STMT_PREPARE with optional metadata") {
  const std::vector<command> commands{command::stmt_prepare, command::ping};
  const auto with = [](std::uint8_t follows) { return bytes{0, 1, 0, 0, 0, 3, 0, 2, 0, 0, 0, 0, follows}; };
  const auto expected = events{done, done};
  const auto optional = client_optional_resultset_metadata;
  const auto eof = client_deprecate_eof;
  CHECK(replay(optional | eof, commands, server().payload(with(0)).ok()) == expected);
  CHECK(replay(optional | eof, commands, server().payload(with(1)).definitions(5).ok()) == expected);
  CHECK(replay(optional, commands, server().payload(with(0)).eof().eof().ok()) == expected);
  CHECK(replay(eof, commands, server().payload(with(0)).definitions(5).ok()) == expected);
}

TEST_CASE("response_tracker ends COM_STMT_EXECUTE at the definitions when a cursor opens") {
  const auto cursor = status_autocommit | status_cursor_exists;
  const std::vector<command> commands{command::stmt_execute, command::stmt_fetch, command::stmt_fetch};
  server out;
  out.payload({1}).definition().eof(cursor);
  out.restart_ids().row("one").row("two").eof(cursor);
  out.restart_ids().eof(cursor | status_last_row_sent);
  CHECK(replay(0, commands, out) == events{done, done, done});

  server without_eof;
  without_eof.payload({1}).definition().ok_end(cursor);
  without_eof.restart_ids().row("one").row("two").ok_end(cursor);
  without_eof.restart_ids().ok_end(cursor | status_last_row_sent);
  CHECK(replay(client_deprecate_eof, commands, without_eof) == events{done, done, done});
}

TEST_CASE("response_tracker goes on to further results behind a cursor") {
  const auto out = server().payload({1}).definition().eof(status_cursor_exists | status_more_results).ok();
  CHECK(replay(0, {command::stmt_execute}, out) == events{result_done, done});
}

TEST_CASE("response_tracker sees no cursor in the flags of other commands") {
  const auto out = server().payload({1}).definition().eof(status_cursor_exists).row("one").eof();
  CHECK(replay(0, {command::query}, out) == events{done});
}

TEST_CASE("response_tracker ends COM_STMT_FETCH whatever its flags say of more results") {
  CHECK(replay(0, {command::stmt_fetch}, server().row("one").eof(status_more_results)) == events{done});
  CHECK(replay(0, {command::stmt_fetch}, server().err(1243)) == events{done});
}

TEST_CASE("response_tracker lets the client answer inside COM_CHANGE_USER") {
  const auto asked = event::auth_requested;
  const auto switch_request = bytes{0xFE, 'p', 0, 'n', 'o', 'n', 'c', 'e', 0};
  const std::vector<command> commands{command::change_user, command::ping};
  CHECK(replay(0, commands, server().ok().ok()) == events{done, done});
  CHECK(replay(0, commands, server().payload(switch_request).ok().ok()) == events{asked, done, done});
  CHECK(replay(client_deprecate_eof, commands,
               server().payload(switch_request).payload({1, 4}).payload({1, 3}).ok().ok()) ==
        events{asked, asked, asked, done, done});
  CHECK(replay(0, commands, server().payload({0xFE}).err(1045).ok()) == events{asked, done, done});
  CHECK(replay(0, commands, server().row("Password: ").ok().ok()) == events{asked, done, done});
}

TEST_CASE("response_tracker asks for a file and then waits for the end of the response") {
  const auto request = bytes{0xFB, 'f', '.', 'c', 's', 'v'};
  const auto asked = event::file_requested;
  CHECK(replay(0, {command::query}, server().payload(request).ok()) == events{asked, done});
  CHECK(replay(0, {command::stmt_execute}, server().payload(request).err(1148)) == events{asked, done});
  CHECK(replay(0, {command::query}, server().payload(request).ok(status_more_results).payload(request).ok()) ==
        events{asked, result_done, asked, done});
}

TEST_CASE("response_tracker passes a stream until an error or a short EOF") {
  const auto sent = GENERATE(command::binlog_dump, command::binlog_dump_gtid, command::table_dump, command::clone,
                             command::subscribe_group_replication_stream);
  const auto flags = GENERATE(as<capabilities>{}, 0, client_deprecate_eof);
  server out;
  out.payload({0, 1, 2}).payload({0}).payload({0xFE, 1, 2, 3, 4, 5, 6, 7, 8, 9}).payload({0, 9, 9, 9});
  CHECK(replay(flags, {sent}, out).empty());
  CHECK(replay(flags, {sent, command::ping}, server(out).eof().ok()) == events{done, done});
  CHECK(replay(flags, {sent, command::ping}, server(out).err(1236).ok()) == events{done, done});
}

TEST_CASE("response_tracker passes progress reports") {
  const auto flag = GENERATE(as<capabilities>{}, mariadb_progress, client_progress_obsolete);
  const auto report = bytes{0xFF, 0xFF, 0xFF, 1, 1, 2, 0, 0, 0, 4, 'c', 'o', 'p', 'y'};
  server out;
  out.payload(report).payload({1}).payload(report).definition().payload(report).eof();
  out.payload(report).row("one").payload(report).eof();
  CHECK(replay(flag, {command::query}, out) == events{done});
  CHECK(replay(flag, {command::query}, server().payload(report).payload(report).ok()) == events{done});
  CHECK(replay(0, {command::query}, server().payload(report)) == events{done});
}

TEST_CASE("response_tracker tells rows from ends by their first bytes") {
  const auto row_of_9 = bytes{0xFE, 1, 2, 3, 4, 5, 6, 7, 8};
  const auto end_of_8 = bytes{0xFE, 0, 0, 2, 0, 6, 7, 8};
  CHECK(replay(0, {command::query}, server().payload({1}).definition().eof().payload(row_of_9).payload(end_of_8)) ==
        events{done});
  CHECK(replay(client_deprecate_eof, {command::query}, server().payload({1}).definition().payload(row_of_9)) ==
        events{done});
  const auto out = server().payload({1}).definition().eof().payload({0xFB}).payload({}).payload({0}).eof();
  CHECK(replay(0, {command::query}, out) == events{done});
}

TEST_CASE("response_tracker does not hang on a first packet without meaning") {
  const auto broken = GENERATE(bytes{}, bytes{0xFD, 1}, bytes{0xFF}, bytes{0xFF, 1}, bytes{0}, bytes{0, 0xFF, 0, 8, 0},
                               bytes{0, 1, 2, 8}, bytes{0xFE}, bytes{0, 0xFE, 1, 2});
  CHECK(replay(0, {command::query, command::ping}, server().payload(broken).ok()) == events{done, done});
}

TEST_CASE("response_tracker answers pipelined commands in their order") {
  const auto how = any_framing();
  server out;
  how.write_result(out);
  out.restart_ids().err(1064).restart_ids().row("Uptime: 17").restart_ids();
  how.write_result(out);
  out.restart_ids().ok();
  const auto outcome = scenario{
      how.flags,
      how.flags,
      {command::query, command::ping, command::statistics, command::stmt_execute, command::ping,
       command::ping}}.replay_all(out.data());
  CHECK(outcome.kinds() == events(5, done));
  CHECK_FALSE(outcome.idle);
  CHECK(outcome.at_response_start);
  std::vector<std::uint16_t> errors;
  for (const auto& one : outcome.events) errors.push_back(one.error);
  CHECK(errors == std::vector<std::uint16_t>{0, 1064, 0, 0, 0});
}

TEST_CASE("response_tracker reports packets that nothing asked for") {
  CHECK(replay(0, {}, server().err(1927)) == events{event::unsolicited});
  CHECK(replay(0, {}, server().ok().payload({})) == events{event::unsolicited, event::unsolicited});
  CHECK(replay(0, {command::ping}, server().ok().restart_ids().err(4031)) == events{done, event::unsolicited});
}

TEST_CASE("response_tracker takes its status from OK and EOF packets") {
  const auto in_transaction = status_flags{status_in_transaction};
  server out;
  out.ok(in_transaction).payload({1}).definition().eof(status_autocommit).eof(in_transaction | status_autocommit);
  out.err(1064).row("Uptime: 17");
  const auto outcome =
      scenario{0, 0, {command::query, command::query, command::query, command::statistics}}.replay_all(out.data());
  std::vector<status_flags> status;
  for (const auto& one : outcome.events) status.push_back(one.status);
  const auto last = static_cast<status_flags>(in_transaction | status_autocommit);
  CHECK(status == std::vector<status_flags>{in_transaction, last, last, last});

  response_tracker tracker;
  CHECK(tracker.status() == status_autocommit);
  tracker.set_status(in_transaction);
  CHECK(tracker.status() == in_transaction);
}

TEST_CASE("response_tracker takes as many commands as its queue holds") {
  response_tracker tracker;
  const auto ok = server().ok().data();
  for (int round = 0; round < 3; ++round) {  // the queue wraps
    for (std::size_t i = 0; i < response_tracker::outstanding_max - 7; ++i) {
      REQUIRE(tracker.can_expect());
      tracker.expect(command::ping);
    }
    for (std::size_t i = 0; i < response_tracker::outstanding_max - 7; ++i) {
      REQUIRE(tracker.advance(ok).what == done);
    }
    REQUIRE(tracker.idle());
  }
  while (tracker.can_expect()) tracker.expect(command::statistics);
  CHECK(tracker.current() == command::statistics);
  for (std::size_t i = 0; i < response_tracker::outstanding_max; ++i) CHECK(tracker.advance(ok).what == done);
  CHECK(tracker.idle());
}

TEST_CASE("response_tracker knows whether a response has begun") {
  response_tracker tracker;
  CHECK_FALSE(tracker.at_response_start());
  tracker.expect(command::stmt_fetch);
  tracker.expect(command::ping);
  CHECK(tracker.at_response_start());

  const auto sent = server().row("one").eof().data();
  REQUIRE(tracker.advance(bytes_view(sent).first(2)).forward.empty());
  CHECK_FALSE(tracker.at_response_start());
  REQUIRE(tracker.advance(bytes_view(sent).subspan(2, 3)).forward.size() == 5);
  CHECK_FALSE(tracker.at_response_start());
  REQUIRE(tracker.advance(bytes_view(sent).subspan(5, 3)).what == event::none);
  CHECK_FALSE(tracker.at_response_start());
  REQUIRE(tracker.advance(bytes_view(sent).subspan(8)).what == done);
  CHECK(tracker.at_response_start());
  CHECK(tracker.current() == command::ping);
}

TEST_CASE("response_tracker forwards views of the input, in one piece up to the event") {
  response_tracker tracker;
  tracker.expect(command::query);
  const auto sent = server().payload({1}).definition().eof().row("one").row("two").eof().ok().data();
  const auto step = tracker.advance(sent);
  CHECK(step.what == done);
  CHECK(step.forward.data() == sent.data());
  CHECK(step.forward.size() == step.consumed);
  CHECK(step.consumed < sent.size());
}

}  // namespace
}  // namespace sessiongate::protocol
