#include "proxy/audit_writer.hpp"

#include "proxy/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <sstream>
#include <thread>
#include <vector>

namespace sessiongate::proxy {
namespace {

using namespace std::chrono_literals;

admin::kill_log::entry record(std::uint64_t number) {
  auto made = std::make_shared<admin::kill_record>();
  made->number = number;
  return made;
}

struct line {
  std::string event;
  std::uint64_t value = 0;  // number, count or last_number

  bool operator==(const line&) const = default;
};

std::vector<line> lines_of(const std::string& content) {
  std::vector<line> found;
  std::istringstream in(content);
  for (std::string text; std::getline(in, text);) {
    const auto read = nlohmann::json::parse(text);
    const auto event = read["event"].get<std::string>();
    const auto* const member = event == "kill" ? "number" : event == "lines_lost" ? "count" : "last_number";
    found.push_back({event, read.value(member, std::uint64_t{0})});
  }
  return found;
}

template <class Condition>
bool comes_true(Condition condition) {
  for (int look = 0; look < 1000 && !condition(); ++look) std::this_thread::sleep_for(10ms);
  return condition();
}

TEST_CASE("every record is in the file when the writer is closed", "[proxy][audit_writer]") {
  const test::temporary_directory directory;
  audit_writer writer({.path = directory.path("audit"), .queue_max = 10'000});
  writer.start();
  std::vector<line> expected{{"started", 0}};
  for (std::uint64_t number = 1; number <= 5000; ++number) {
    writer.add(record(number));
    expected.push_back({"kill", number});
  }
  writer.close();
  writer.close();
  expected.push_back({"stopped", 5000});
  CHECK(lines_of(directory.content("audit")) == expected);
  CHECK(writer.written() == 5000);
  CHECK(writer.lost() == 0);
  CHECK(writer.errors() == 0);
}

TEST_CASE("what does not fit while the file cannot be written is counted and told there", "[proxy][audit_writer]") {
  const test::temporary_directory directory;
  audit_writer writer({.path = directory.path("missing/audit"), .queue_max = 3});
  writer.start();
  REQUIRE(comes_true([&] { return writer.errors() > 0; }));
  for (std::uint64_t number = 1; number <= 5; ++number) writer.add(record(number));
  CHECK(writer.lost() == 2);
  CHECK(writer.waiting() == 3);
  std::filesystem::create_directory(directory.path("missing"));
  REQUIRE(comes_true([&] { return writer.written() == 3; }));
  writer.add(record(6));
  writer.close();
  CHECK(lines_of(directory.content("missing/audit")) ==
        std::vector<line>{
            {"started", 0}, {"kill", 1}, {"kill", 2}, {"kill", 3}, {"lines_lost", 2}, {"kill", 6}, {"stopped", 6}});
}

TEST_CASE("a file that is never written holds up nobody", "[proxy][audit_writer]") {
  audit_writer writer({.path = "/dev/full", .queue_max = 2});
  writer.start();
  for (std::uint64_t number = 1; number <= 4; ++number) writer.add(record(number));
  const auto begun = std::chrono::steady_clock::now();
  writer.close();
  CHECK(std::chrono::steady_clock::now() - begun < 4s);
  CHECK(writer.written() == 0);
  CHECK(writer.lost() == 4);
  CHECK(writer.errors() > 0);
}

TEST_CASE("a file that was moved away is left when it is told so", "[proxy][audit_writer]") {
  const test::temporary_directory directory;
  audit_writer writer({.path = directory.path("audit"), .queue_max = 10});
  writer.start();
  writer.add(record(1));
  REQUIRE(comes_true([&] { return writer.written() == 1; }));
  std::filesystem::rename(directory.path("audit"), directory.path("audit.old"));
  writer.reopen();
  writer.add(record(2));
  writer.close();
  CHECK(lines_of(directory.content("audit.old")) == std::vector<line>{{"started", 0}, {"kill", 1}});
  CHECK(lines_of(directory.content("audit")) == std::vector<line>{{"kill", 2}, {"stopped", 2}});
}

TEST_CASE("without a path there is no file and no thread", "[proxy][audit_writer]") {
  audit_writer writer({.path = {}, .queue_max = 1});
  writer.start();
  writer.add(record(1));
  writer.add(record(2));
  writer.reopen();
  writer.close();
  CHECK(writer.lost() == 0);
}

}  // namespace
}  // namespace sessiongate::proxy
