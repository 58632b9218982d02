#include "proxy/server_conversation.hpp"

#include "proxy/loopback.hpp"
#include "proxy/own_command.hpp"
#include "proxy/own_response.hpp"
#include "proxy/server_answers.hpp"

#include <boost/asio/post.hpp>

#include <array>

using namespace sessiongate;
using namespace sessiongate::proxy;
using protocol::command;
using test::answer_rows;
using test::error_answer;
using test::ok_answer;
using test::packet_of;
using test::rows_answer;

namespace {

constexpr std::size_t answer_max = 256;
constexpr auto in_transaction = protocol::status_autocommit | protocol::status_in_transaction;
const answer_rows two_rows{{"a", "1"}, {"b", "2"}};

/// Answers are read byte by byte, so each is cut everywhere.
struct fixture {
  test::reactor on;
  test::connection both{on.sockets};
  std::array<std::uint8_t, 1> scratch{};
  server_conversation talk{both.near, scratch, protocol::client_protocol_41, protocol::status_autocommit, answer_max};

  server_conversation::answer query(std::string_view text) {
    server_conversation::answer told;
    test::run(on.context, [&]() -> awaitable<void> { told = co_await talk.query(text); }());
    return told;
  }
  server_conversation::answer send(const protocol::bytes& payload) {
    server_conversation::answer told;
    test::run(on.context, [&]() -> awaitable<void> { told = co_await talk.send(payload); }());
    return told;
  }
  void check_lost(const server_conversation::answer& told, std::string_view why) {
    CHECK(told.lost);
    CHECK(told.packets.empty());
    REQUIRE(told.error);
    CHECK(told.error->code == protocol::er::lost_connection);
    CHECK(told.error->message == "Lost connection to MySQL server: " + std::string(why));
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "server conversation: a command goes as it is, and its answer comes back whole") {
  const auto answer = rows_answer(2, two_rows, in_transaction);
  both.send(answer);
  const auto told = query("SELECT 1");
  CHECK_FALSE(told.lost);
  CHECK_FALSE(told.error);
  CHECK(protocol::as_text(told.packets) == answer);
  CHECK(read_rows(told.packets) == two_rows);
  CHECK(talk.status() == in_transaction);
  const auto sent = packet_of(own_query("SELECT 1", 0), 0);
  CHECK(both.receive(sent.size()) == sent);
}

TEST_CASE_METHOD(fixture, "server conversation: an error is told, and the next command has an answer of its own") {
  both.send(error_answer(1193, "Unknown system variable") + ok_answer(in_transaction).substr(0, 3));
  const auto refused = query("SET x = 1");
  CHECK_FALSE(refused.lost);
  REQUIRE(refused.error);
  CHECK(refused.error->code == 1193);
  CHECK(refused.error->message == "Unknown system variable");
  both.send(ok_answer(in_transaction).substr(3));
  CHECK_FALSE(query("BEGIN").error);
  CHECK(talk.status() == in_transaction);
}

TEST_CASE_METHOD(fixture, "server conversation: an error behind rows, or behind another result, is the answer's") {
  const auto rows = rows_answer(2, two_rows);
  constexpr std::size_t end_size = 9;
  both.send(rows.substr(0, rows.size() - end_size) + error_answer(1317, "interrupted", 7));
  CHECK(query("SELECT").error.value().code == 1317);
  const auto more = rows_answer(1, {{"x"}}, protocol::status_autocommit | protocol::status_more_results);
  both.send(more + error_answer(1064, "no second statement"));
  const auto told = query("SELECT 'x'; y");
  CHECK(told.error.value().code == 1064);
  CHECK(told.packets.size() > more.size());
}

TEST_CASE_METHOD(fixture, "server conversation: an error that says nothing is one all the same") {
  const auto payload = GENERATE(protocol::bytes{0xFF}, protocol::bytes{0xFF, 0x15});
  both.send(packet_of(payload));
  const auto told = query("SET x = 1");
  CHECK_FALSE(told.lost);
  CHECK(told.error.value().code == protocol::er::malformed_packet);
}

TEST_CASE_METHOD(fixture, "server conversation: what has no response is not waited for") {
  const auto closed = send(own_close(7));
  CHECK_FALSE(closed.lost);
  CHECK(closed.packets.empty());
  both.send(packet_of(protocol::bytes{0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(send(own_prepare("DO 1")).prepared_id == 9);
}

TEST_CASE_METHOD(fixture, "server conversation: an answer may be as large as the limit") {
  const auto overhead = rows_answer(1, {{std::string(100, 'x')}}).size() - 100;
  const auto largest = rows_answer(1, {{std::string(answer_max - overhead, 'x')}});
  REQUIRE(largest.size() == answer_max);
  both.send(largest);
  CHECK(query("SELECT").packets.size() == answer_max);
  both.send(rows_answer(1, {{std::string(answer_max - overhead + 1, 'x')}}));
  check_lost(query("SELECT"), "its answer is too large");
}

TEST_CASE_METHOD(fixture, "server conversation: a length that is announced alone is no reason for room") {
  both.send(std::string("\xFF\xFF\xFF\x01\x03", 5));
  both.close();
  check_lost(query("SELECT"), "it closed without an answer");
}

TEST_CASE_METHOD(fixture, "server conversation: a connection that ends before the answer does is lost") {
  const auto answer = rows_answer(2, two_rows);
  const auto cut = GENERATE_COPY(std::size_t{0}, std::size_t{2}, std::size_t{5}, answer.size() - 1);
  both.send(std::string_view(answer).substr(0, cut));
  both.close();
  check_lost(query("SELECT"), "it closed without an answer");
}

TEST_CASE_METHOD(fixture, "server conversation: who has a limit in time closes the stream") {
  boost::asio::post(on.context, [this] { both.near.close(); });
  const auto told = query("SELECT SLEEP(600)");
  CHECK(told.lost);
  CHECK(told.error.value().code == protocol::er::lost_connection);
  CHECK(query("SELECT 1").lost);  // and nothing more is said over it
}
