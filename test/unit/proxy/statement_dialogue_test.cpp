#include "proxy/statement_dialogue.hpp"

#include "protocol/err_packet.hpp"
#include "protocol/packet.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sessiongate;
using namespace sessiongate::proxy;
using session::recovery_obstacle;

namespace {

protocol::bytes error_packet() {
  protocol::bytes payload;
  protocol::write_err_packet(payload, {1193, "HY000", "no"});
  protocol::bytes packets;
  std::uint8_t sequence_id = 1;
  protocol::append_packet(packets, sequence_id, payload);
  return packets;
}

/// What is asked, in its order.
std::vector<std::string> run(statement_dialogue& dialogue) {
  std::vector<std::string> asked;
  while (const auto statement = dialogue.next()) {
    asked.emplace_back(*statement);
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

TEST_CASE("statement dialogue: an answer that is none ends it") {
  statement_dialogue dialogue(0);
  dialogue.ask("a", [](const text_answer&) { FAIL("not read"); });
  dialogue.take({});
  CHECK(dialogue.failed());
  CHECK_FALSE(dialogue.next());
  dialogue.take({});
}
