// Responses as a MariaDB 10.11 server sent them.
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

events replay(capabilities negotiated, std::vector<command> commands, std::string_view hex) {
  const auto sent = server().bytes_from_hex(hex);
  const auto outcome = scenario{negotiated, negotiated, std::move(commands)}.replay_all(sent.data());
  CHECK(outcome.forwarded == sent.data());
  CHECK(outcome.idle);
  return outcome.kinds();
}

TEST_CASE("response_tracker follows a recorded call of a procedure with two results") {
  CHECK(
      replay(0, {command::query},
             "0100000101170000020364656600000001610"
             "00c3f000100000003810000000005000003fe00000a0002000004013105000005fe00000a00"
             "010000060217000007036465660000000162000c3f000100000003810000000017000008036465660000000163000c3f00010000"
             "0003810000000005000009fe00000a000400000a013201330500000bfe00000a00"
             "0700000c00000002000000") == events{result_done, result_done, done});
  CHECK(
      replay(client_deprecate_eof, {command::stmt_execute},
             "010000010117000002036465660000000161000c3f0001000000038100000000"
             "02000003013107000004fe00000a000000"
             "010000050217000006036465660000000162000c3f000100000003810000000017000007036465660000000163000c3f00010000"
             "00038100000000040000080132013307000009fe00000a000000"
             "0700000a00000002000000") == events{result_done, result_done, done});
}

TEST_CASE("response_tracker follows a recorded cursor, executed again without definitions") {
  CHECK(replay(
            mariadb_cache_metadata,
            {command::stmt_execute, command::stmt_fetch, command::stmt_fetch, command::stmt_execute},
            "0200000102011c0000020364656601640174017401610161000c3f000b0000000301100000001c0000030364656601640174017401"
            "620162000c2d0050000000fd000000000005000004fe00004200"
            "08000001000001000000017708000002000002000000017905000003fe00004200"
            "0c00000100000800000005656967687405000002fe00008200"
            "02000001020005000002fe00004200") == events(4, done));
  CHECK(
      replay(mariadb_cache_metadata | client_deprecate_eof,
             {command::stmt_execute, command::stmt_fetch, command::stmt_execute},
             "0200000102011b00000203646566016401740174016101610c3f000b0000000301100000001b0000030364656601640174017401"
             "6201620c2d0050000000fd000000000007000004fe000042000000"
             "08000001000001000000017208000002000002000000017207000003fe000042000000"
             "02000001020008000002000001000000017208000003000002000000017208000004000003000000017207000005fe000002"
             "000000") == events(3, done));
}

TEST_CASE("response_tracker follows recorded prepared statements") {
  CHECK(replay(
            0, {command::stmt_prepare},
            "0c0000010002000000020001000000001800000203646566000000013f00000c3f000000000006800000000005000003fe00000200"
            "1c0000040364656601640174017401610161000c3f000b0000000303500000001c0000050364656601640174017401620162000c2d"
            "0050000000fd000000000005000006fe00000200") == events{done});
  CHECK(
      replay(client_deprecate_eof, {command::stmt_prepare},
             "0c0000010006000000020001000000001700000203646566000000013f000c3f0000000000068000000000"
             "1700000303646566000000013f000c3f00000000000680000000001b00000403646566016401740174016101610c3f000b000000"
             "030350000000") == events{done});
}

TEST_CASE("response_tracker follows a recorded LOAD DATA LOCAL with a progress report") {
  CHECK(replay(
            mariadb_progress, {command::query},
            "12000001fb2f646174612f696e7075742f662e637376"
            "19000004ffffff0102020000000f456e642062756c6b20696e73657274"
            "37000005000200020000002f5265636f7264733a2032202044656c657465643a20302020536b69707065643a203020205761726e69"
            "6e67733a2030") == events{event::file_requested, done});
}

TEST_CASE("response_tracker follows a recorded field list, statistics and option") {
  CHECK(replay(client_deprecate_eof, {command::field_list, command::statistics, command::set_option},
               "1d00000103646566016401740174016101610c3f000b00000003035000000001301c0000020364656601640174017401620162"
               "0c2d0050000000fd0000000000fb07000003fe000002000000"
               "0b000001557074696d653a20373438"
               "07000001fe000002000000") == events{done, done, done});
}

TEST_CASE("response_tracker follows recorded changes of the user") {
  const std::string_view hex =
      "2c000001fe6d7973716c5f6e61746976655f70617373776f7264007326603174756d4654527c3f604723764e5e703900"
      "0d00000300000002400000000401020164";
  CHECK(replay(client_session_track, {command::change_user}, hex) == events{event::auth_requested, done});
}

TEST_CASE("response_tracker cuts recorded session state") {
  const auto sent = server().bytes_from_hex(
      "0d0000010000000b400000000401020164"
      "02000002010117000003036465660000000131000c3f000100000003810000000002000004013107000005fe00000b000000"
      "300000060005002300000028526f7773206d6174636865643a203520204368616e6765643a203520205761726e696e67733a2030");
  const auto expected = server().bytes_from_hex(
      "070000010000000b000000"
      "02000002010117000003036465660000000131000c3f000100000003810000000002000004013107000005fe00000b000000"
      "300000060005002300000028526f7773206d6174636865643a203520204368616e6765643a203520205761726e696e67733a2030");
  const auto flags = mariadb_cache_metadata | client_deprecate_eof;
  const auto outcome = scenario{flags | client_session_track, flags, {command::query}}.replay_all(sent.data());
  CHECK(outcome.forwarded == expected.data());
  CHECK(outcome.kinds() == events{result_done, result_done, done});
}

}  // namespace
}  // namespace sessiongate::protocol
