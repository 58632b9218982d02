#include "admin/sql_render.hpp"

#include "admin/session_detail.hpp"
#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"
#include "protocol/wire.hpp"
#include "test/unit/admin/listing_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace sessiongate::admin {
namespace {

using test::make_fake;
using texts = std::vector<std::string>;

const sql_session text_session{.negotiated = protocol::client_protocol_41 | protocol::client_deprecate_eof,
                               .status = protocol::status_autocommit};

std::vector<protocol::bytes> split_packets(const protocol::bytes& all, std::uint8_t first_sequence_id) {
  std::vector<protocol::bytes> payloads;
  std::size_t at = 0;
  while (at < all.size()) {
    const auto header = protocol::load_packet_header(all.data() + at);
    CHECK(header.sequence_id == first_sequence_id++);
    const auto* begin = all.data() + at + protocol::packet_header_size;
    payloads.emplace_back(begin, begin + header.payload_length);
    at += protocol::packet_header_size + header.payload_length;
  }
  REQUIRE(at == all.size());
  return payloads;
}

std::vector<protocol::bytes> render(const result& what, const sql_session& session = text_session) {
  protocol::bytes out;
  std::uint8_t sequence_id = 1;
  render_sql(out, sequence_id, what, session);
  auto packets = split_packets(out, 1);
  CHECK(sequence_id == static_cast<std::uint8_t>(1 + packets.size()));
  return packets;
}

struct decoded {
  texts names;
  std::vector<std::uint8_t> types;
  std::vector<texts> rows;
};

/// Reads a text result set under client_deprecate_eof; NULL is shown as <null>.
decoded decode(const std::vector<protocol::bytes>& packets) {
  decoded read;
  const std::size_t columns = packets.at(0).at(0);
  for (std::size_t at = 1; at <= columns; ++at) {
    protocol::wire_reader reader(packets.at(at));
    for (int skipped = 0; skipped < 4; ++skipped) reader.read_lenenc_string();
    read.names.emplace_back(reader.read_lenenc_string());
    reader.read_lenenc_string();
    reader.skip(1 + 2 + 4);
    read.types.push_back(reader.read_u8());
    CHECK(reader.ok());
  }
  for (std::size_t at = columns + 1; at + 1 < packets.size(); ++at) {
    protocol::wire_reader reader(packets[at]);
    texts row;
    while (!reader.at_end()) {
      if (reader.peek() == 0xFB) {
        reader.skip(1);
        row.emplace_back("<null>");
      } else {
        row.emplace_back(reader.read_lenenc_string());
      }
    }
    CHECK(reader.ok());
    read.rows.push_back(std::move(row));
  }
  CHECK(packets.back().at(0) == protocol::eof_header);
  return read;
}

protocol::server_error decode_error(const std::vector<protocol::bytes>& packets) {
  REQUIRE(packets.size() == 1);
  return protocol::parse_err_packet(packets.front()).value();
}

failure make_failure(failure_kind kind, std::string message) {
  failure made;
  made.kind = kind;
  made.message = std::move(message);
  return made;
}

TEST_CASE_METHOD(test::listing_fixture, "a list has the thirteen columns of the original", "[admin][sql_render]") {
  const auto first = make_fake();
  first->add_server(16, 3221562906);
  const auto second =
      make_fake({.cs_id = session::cs_id_min + 2, .user = "app", .database = "shop", .client = {"::1", 5}});
  second->publish_using_ssl(true);
  second->publish_in_transaction(true);
  second->publish_in_transaction(false);
  REQUIRE(sessions.add(second));
  REQUIRE(sessions.add(first));
  const auto read = decode(render(list()));
  CHECK(read.names == texts{"proxy_sessid", "Id", "Cluster", "Tenant", "User", "Host", "db", "trans_count",
                            "svr_session_count", "state", "tid", "pid", "using_ssl"});
  CHECK(read.types == std::vector<std::uint8_t>{8, 8, 253, 253, 253, 253, 253, 8, 8, 253, 8, 8, 8});
  REQUIRE(read.rows.size() == 2);
  CHECK(read.rows[0] == texts{"4611686018427387905", "1073741825", "obdemo", "sys", "root", "10.0.0.7:63882", "NULL",
                              "0", "1", "MCS_ACTIVE_READER", "4711", "76286", "0"});
  CHECK(read.rows[1] == texts{"4611686018427387906", "1073741826", "obdemo", "sys", "app", "[::1]:5", "shop", "1", "0",
                              "MCS_ACTIVE_READER", "4711", "76286", "1"});
}

TEST_CASE("a prepared list announces what it gives", "[admin][sql_render]") {
  const auto names = [](const command& what) {
    texts all;
    for (const auto& each : sql_columns(what)) all.push_back(each.name);
    return all;
  };
  CHECK(names(show_table{}).size() == 13);
  CHECK(names(show_session{}) == texts{"attribute_name", "value", "info"});
  CHECK(names(kill_session{}).empty());
  CHECK(names(kill_server_session{}).empty());
  CHECK(names(kill_query{}).empty());
  CHECK(names(kill_matching{}) == texts{"Id", "connection_id", "User", "Tenant", "Cluster", "Host", "db", "Command",
                                        "Time", "State", "idle", "in_transaction", "Info", "outcome", "interrupt",
                                        "message", "elapsed_us"});
}

TEST_CASE("rows go out in binary form for prepared statements", "[admin][sql_render]") {
  table one{.json_name = "x",
            .columns = {{.sql_name = "a", .type = value_type::boolean}, {.sql_name = "b"}, {.json_name = "hidden"}},
            .rows = {{true, std::string("y"), std::string("z")}},
            .total = 1};
  auto session = text_session;
  session.format = protocol::row_format::binary;
  const auto packets = render(one, session);
  REQUIRE(packets.size() == 5);
  CHECK(packets[0] == protocol::bytes{2});
  CHECK(packets[3] == protocol::bytes{0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 'y'});
}

TEST_CASE("a NULL without a text of its own is NULL", "[admin][sql_render]") {
  table one{.json_name = "x",
            .columns = {{.sql_name = "a"}, {.sql_name = "b", .sql_null = "none"}},
            .rows = {{cell(), cell()}},
            .total = 1};
  CHECK(decode(render(one)).rows == std::vector<texts>{{"<null>", "none"}});
}

TEST_CASE("a session's detail has the rows of the original", "[admin][sql_render]") {
  const auto target = make_fake();
  CHECK(decode(render(describe_session(*target, {}))).rows.size() == 22);
  target->add_server(16, 3221562906)->end_request();
  const auto read = decode(render(describe_session(*target, {.is_caller = true, .process_id = 76286})));
  CHECK(read.names == texts{"attribute_name", "value", "info"});
  CHECK(read.types == std::vector<std::uint8_t>{253, 253, 253});
  const std::vector<texts> expected{{"proxy_sessid", "4611686018427387905", "cs common"},
                                    {"cs_id", "1073741825", "cs common"},
                                    {"cluster", "obdemo", "cs common"},
                                    {"tenant", "sys", "cs common"},
                                    {"user", "root", "cs common"},
                                    {"host_ip", "10.0.0.7", "cs common"},
                                    {"host_port", "63882", "cs common"},
                                    {"db", "NULL", "cs common"},
                                    {"total_trans_cnt", "0", "cs common"},
                                    {"svr_session_cnt", "1", "cs common"},
                                    {"active", "true", "cs common"},
                                    {"read_state", "MCS_ACTIVE_READER", "cs common"},
                                    {"tid", "4711", "cs common"},
                                    {"pid", "76286", "cs common"},
                                    {"idc_name", "", "cs common"},
                                    {"modified_time", "0", "cs stat"},
                                    {"reported_time", "0", "cs stat"},
                                    {"hot_sys_var_version", "0", "cs var version"},
                                    {"sys_var_version", "0", "cs var version"},
                                    {"user_var_version", "0", "cs var version"},
                                    {"last_insert_id_version", "0", "cs var version"},
                                    {"db_name_version", "0", "cs var version"},
                                    {"server_ip", "10.1.0.1", "last used ss"},
                                    {"server_port", "3306", "last used ss"},
                                    {"server_sessid", "3221562906", "last used ss"},
                                    {"ss_id", "16", "last used ss"},
                                    {"state", "MSS_KA_CLIENT_SLAVE", "last used ss"},
                                    {"transact_count", "0", "last used ss"},
                                    {"server_trans_stat", "0", "last used ss"},
                                    {"hot_sys_var_version", "0", "last used ss"},
                                    {"sys_var_version", "0", "last used ss"},
                                    {"user_var_version", "0", "last used ss"},
                                    {"last_insert_id_version", "0", "last used ss"},
                                    {"db_name_version", "0", "last used ss"},
                                    {"is_checksum_supported", "0", "last used ss"},
                                    {"is_safe_read_weak_supported", "0", "last used ss"},
                                    {"is_checksum_switch_supported", "0", "last used ss"},
                                    {"checksum_switch", "-1", "last used ss"},
                                    {"enable_extra_ok_packet_for_stats", "0", "last used ss"}};
  CHECK(read.rows == expected);
}

TEST_CASE("kills are OK, with an info when the statement runs on", "[admin][sql_render]") {
  const auto ok = [](const kill_outcome& what, const sql_session& session) {
    const auto packets = render(what, session);
    REQUIRE(packets.size() == 1);
    const auto parsed = protocol::parse_ok_packet(packets.front(), session.negotiated).value();
    CHECK(packets.front().front() == protocol::ok_header);
    CHECK(parsed.affected_rows == 0);
    CHECK(parsed.status == protocol::status_autocommit);
    return std::string(parsed.info);
  };
  kill_outcome outcome;
  CHECK(ok(outcome, text_session).empty());
  outcome.interrupt = interrupt_status::interrupted;
  CHECK(ok(outcome, text_session).empty());
  outcome.interrupt = interrupt_status::backend_refused;
  outcome.backend_answer = "You are not owner of thread 77";
  CHECK(ok(outcome, text_session) ==
        "Closed, but its statement was not interrupted: backend_refused: You are not owner of thread 77");
  outcome = {};
  outcome.status = kill_status::already_idle;
  CHECK(ok(outcome, text_session).empty());
  outcome = {};
  outcome.waited = std::chrono::milliseconds(1204);
  outcome.ending = kill_ending::after_transaction;
  CHECK(ok(outcome, text_session) == "Killed after its transaction, after a wait of 1.204 s");
  outcome.ending = kill_ending::after_statement;
  CHECK(ok(outcome, text_session) == "Killed after its statement, after a wait of 1.204 s");
  outcome.ending = kill_ending::at_timeout;
  CHECK(ok(outcome, text_session) == "Killed at the timeout, after a wait of 1.204 s");
  outcome.interrupt = interrupt_status::no_route;
  CHECK(ok(outcome, text_session).starts_with("Closed, but its statement was not interrupted"));
  outcome = {};
  outcome.status = kill_status::ended_otherwise;
  outcome.ended_with = "client_quit";
  CHECK(ok(outcome, text_session) == "The session ended otherwise first: client_quit");
}

TEST_CASE("killing oneself is 1317", "[admin][sql_render]") {
  kill_outcome outcome;
  outcome.status = kill_status::killed_self;
  const auto error = decode_error(render(outcome));
  CHECK(error.code == 1317);
  CHECK(error.sqlstate == "70100");
  CHECK(error.message == "Query execution was interrupted");
}

TEST_CASE("failures have the numbers of the original", "[admin][sql_render]") {
  struct row {
    failure_kind kind;
    std::uint16_t code;
    std::string sqlstate;
  };
  for (const auto& each : {row{failure_kind::malformed, 5010, "21000"}, row{failure_kind::unknown_id, 1094, "HY000"},
                           row{failure_kind::not_owner, 1095, "HY000"}, row{failure_kind::forbidden, 1227, "42000"},
                           row{failure_kind::ambiguous, 1105, "HY000"}, row{failure_kind::unauthorized, 1045, "28000"},
                           row{failure_kind::timeout, 1105, "HY000"}}) {
    const auto error = decode_error(render(make_failure(each.kind, "why")));
    CHECK(error.code == each.code);
    CHECK(error.sqlstate == each.sqlstate);
    CHECK(error.message == "why");
  }
  auto refused = make_failure(failure_kind::backend, "no");
  refused.code = 1227;
  refused.sqlstate = "42000";
  const auto error = decode_error(render(refused));
  CHECK(error.code == 1227);
  CHECK(error.sqlstate == "42000");
}

}  // namespace
}  // namespace sessiongate::admin
