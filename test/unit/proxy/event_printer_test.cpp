#include "proxy/event_printer.hpp"

#include <catch2/catch.hpp>

#include <sstream>
#include <string>

namespace sessiongate::proxy {
namespace {

constexpr std::string_view stream =
    "retry: 2000\n\n: heartbeat\nid: 4\n\n"
    "id: 5\nevent: session_closed\n"
    R"(data: {"id":5,"at":"2026-11-28T03:12:44.101Z","type":"session_closed","cs_id":7,"user":"a b","db":null,)"
    R"("outcome":"client_quit"})"
    "\n\nid: 9\nevent: gap\ndata: {\"last_seen\":5,\"next\":10,\"missed\":null}\n\nevent: half";

std::string printed(bool as_json, std::size_t piece) {
  std::ostringstream out;
  event_printer printer(out, as_json);
  for (std::size_t at = 0; at < stream.size(); at += piece) printer.feed(stream.substr(at, piece));
  return out.str();
}

TEST_CASE("each event is a line, wherever the stream is cut", "[proxy][event_printer]") {
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    INFO(piece);
    CHECK(printed(false, piece) ==
          "2026-11-28T03:12:44.101Z session_closed id=5 cs_id=7 user=\"a b\" outcome=client_quit\n"
          "gap last_seen=5 next=10\n");
  }
  CHECK(printed(true, 7) ==
        R"({"id":5,"at":"2026-11-28T03:12:44.101Z","type":"session_closed","cs_id":7,"user":"a b","db":null,)"
        R"("outcome":"client_quit"})"
        "\n{\"last_seen\":5,\"next\":10,\"missed\":null}\n");
}

}  // namespace
}  // namespace sessiongate::proxy
