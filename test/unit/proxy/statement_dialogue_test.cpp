#include "proxy/statement_dialogue.hpp"

#include "proxy/server_answers.hpp"

#include "protocol/command.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sessiongate;
using namespace sessiongate::proxy;
using session::recovery_obstacle;

namespace {

protocol::bytes bytes_of(const std::string& packets) {
  return {packets.begin(), packets.end()};
}

protocol::bytes packet_of(const protocol::bytes& payload) {
  return bytes_of(test::packet_of(payload));
}

protocol::bytes error_packet() {
  return bytes_of(test::error_answer(1193, "no"));
}

/// What is asked, in its order.
std::vector<std::string> run(statement_dialogue& dialogue) {
  std::vector<std::string> asked;
  while (const auto command = dialogue.next()) {
    asked.emplace_back(protocol::as_text(command->subspan(1)));
    dialogue.take(error_packet());
  }
  return asked;
}

void ignore(const text_answer& /*answer*/) {}

}  // namespace

TEST_CASE("statement dialogue: what an answer asks for comes before what was planned") {
  statement_dialogue dialogue(0);
  dialogue.ask("a", [&](const text_answer& answer) {
    CHECK(answer.error);
    dialogue.ask("a1", [&](const text_answer&) { dialogue.ask("a1x", ignore); });
    dialogue.then([&] { dialogue.ask("a2", ignore); });
    dialogue.ask("a3", ignore);
  });
  dialogue.then([&] { dialogue.then([&] { dialogue.ask("b", ignore); }); });
  dialogue.ask("c", ignore);
  CHECK(run(dialogue) == std::vector<std::string>{"a", "a1", "a1x", "a2", "a3", "b", "c"});
  CHECK_FALSE(dialogue.failed());
}

TEST_CASE("statement dialogue: the first failure ends it") {
  statement_dialogue dialogue(0);
  dialogue.ask("a", [&](const text_answer&) {
    dialogue.fail(recovery_obstacle::table_locks, "x");
    dialogue.fail(recovery_obstacle::named_locks, "y");
    dialogue.ask("b", ignore);
  });
  dialogue.ask("c", ignore);
  CHECK(run(dialogue) == std::vector<std::string>{"a"});
  CHECK(dialogue.failure().obstacle == recovery_obstacle::table_locks);
  CHECK(dialogue.failure().detail == "x");
}

TEST_CASE("statement dialogue: a prepared question is prepared, executed and closed before what comes next") {
  statement_dialogue dialogue(0);
  std::string read;
  dialogue.ask_prepared("SELECT ?", "x", [&](const text_answer& answer) {
    read = answer.rows.at(0).at(0).value_or("NULL");
    dialogue.ask("behind it", ignore);
  });
  const auto says = [&](protocol::command type, const std::string& rest) {
    REQUIRE(dialogue.next());
    CHECK(dialogue.next()->front() == static_cast<std::uint8_t>(type));
    CHECK(protocol::as_text(dialogue.next()->subspan(1)) == rest);
  };
  const std::string id("\x07\0\0\0", 4);
  says(protocol::command::stmt_prepare, "SELECT ?");
  dialogue.take(packet_of({0, 7, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0}));
  says(protocol::command::stmt_execute, id + std::string("\0\x01\0\0\0\0\x01\xFD\0\x01x", 11));
  protocol::bytes answer = packet_of({1});
  const auto add = [&](const protocol::bytes& payload) {
    const auto packet = packet_of(payload);
    answer.insert(answer.end(), packet.begin(), packet.end());
  };
  add({3, 'd', 'e', 'f', 0, 0, 0, 0, 0, 12, 45, 0, 1, 0, 0, 0, 253, 0, 0, 0, 0, 0});
  add({0xFE, 0, 0, 2, 0});
  add({0, 0, 1, 'y'});
  add({0xFE, 0, 0, 2, 0});
  dialogue.take(answer);
  CHECK(read == "y");
  says(protocol::command::query, "behind it");
  dialogue.take(error_packet());
  says(protocol::command::stmt_close, id);
  dialogue.take({});
  CHECK_FALSE(dialogue.next());
  CHECK_FALSE(dialogue.failed());
}

TEST_CASE("statement dialogue: a question that cannot be prepared is answered with the error") {
  statement_dialogue dialogue(0);
  std::string told;
  dialogue.ask_prepared("SELECT ?", "x", [&](const text_answer& answer) { told = answer.error.value().message; });
  dialogue.take(error_packet());
  CHECK(told == "no");
  CHECK_FALSE(dialogue.next());
}

TEST_CASE("statement dialogue: an answer that is none ends it") {
  statement_dialogue dialogue(0);
  dialogue.ask("a", [](const text_answer&) { FAIL("not read"); });
  dialogue.take({});
  CHECK(dialogue.failed());
  CHECK_FALSE(dialogue.next());
  dialogue.take({});
}
