#include "proxy/audit_file.hpp"

#include "proxy/temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <filesystem>

namespace sessiongate::proxy {
namespace {

namespace fs = std::filesystem;

TEST_CASE("lines are appended to what is there, and others cannot read them", "[proxy][audit_file]") {
  const test::temporary_directory directory;
  const auto path = directory.path("audit");
  for (const auto* line : {"one\n", "two\n"}) {
    audit_file file(path, 0, 0);
    CHECK_FALSE(file.append(line));
  }
  CHECK(directory.content("audit") == "one\ntwo\n");
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0137U) == 0);
}

TEST_CASE("a file that would grow above its limit is rotated, and so many are kept", "[proxy][audit_file]") {
  const test::temporary_directory directory;
  audit_file file(directory.path("audit"), 8, 2);
  for (const auto* line : {"1..\n", "2..\n", "3..\n", "4..\n", "5..\n", "6..\n", "7..\n", "longer than that\n"}) {
    CHECK_FALSE(file.append(line));
  }
  CHECK(directory.content("audit") == "longer than that\n");
  CHECK(directory.content("audit.1") == "7..\n");
  CHECK(directory.content("audit.2") == "5..\n6..\n");
  CHECK_FALSE(directory.has("audit.3"));
  CHECK_FALSE(file.rotation_error());
}

TEST_CASE("none of the rotated ones need be kept", "[proxy][audit_file]") {
  const test::temporary_directory directory;
  audit_file file(directory.path("audit"), 4, 0);
  CHECK_FALSE(file.append("1..\n"));
  CHECK_FALSE(file.append("2..\n"));
  CHECK(directory.content("audit") == "2..\n");
  CHECK_FALSE(directory.has("audit.1"));
}

TEST_CASE("a file that cannot be rotated goes on growing, and says why", "[proxy][audit_file]") {
  const test::temporary_directory directory;
  fs::create_directories(directory.path("audit.1") + "/in/the/way");
  audit_file file(directory.path("audit"), 4, 1);
  CHECK_FALSE(file.append("1..\n"));
  CHECK_FALSE(file.append("2..\n"));
  CHECK(file.rotation_error());
  CHECK(directory.content("audit") == "1..\n2..\n");
}

TEST_CASE("a file that was moved or removed is made anew", "[proxy][audit_file]") {
  const test::temporary_directory directory;
  const auto path = directory.path("audit");
  audit_file file(path, 0, 0);
  CHECK_FALSE(file.append("one\n"));
  fs::rename(path, directory.path("moved"));
  CHECK_FALSE(file.append("two\n"));
  fs::remove(path);
  CHECK_FALSE(file.append("three\n"));
  CHECK(directory.content("moved") == "one\n");
  CHECK(directory.content("audit") == "three\n");
}

TEST_CASE("a file that was emptied by others is not rotated before its time", "[proxy][audit_file]") {
  const test::temporary_directory directory;
  audit_file file(directory.path("audit"), 8, 1);
  CHECK_FALSE(file.append("1..\n"));
  CHECK_FALSE(file.append("2..\n"));
  fs::resize_file(directory.path("audit"), 0);
  CHECK_FALSE(file.append("3..\n"));
  CHECK(directory.content("audit") == "3..\n");
  CHECK_FALSE(directory.has("audit.1"));
}

TEST_CASE("what cannot be opened or written is an error, and works as soon as it can be", "[proxy][audit_file]") {
  const test::temporary_directory directory;
  audit_file file(directory.path("missing/audit"), 0, 0);
  CHECK(file.append("one\n") == std::errc::no_such_file_or_directory);
  fs::create_directory(directory.path("missing"));
  CHECK_FALSE(file.append("two\n"));
  CHECK(directory.content("missing/audit") == "two\n");

  audit_file full("/dev/full", 1, 1);
  CHECK(full.append("one\n") == std::errc::no_space_on_device);
  CHECK(full.append("two\n") == std::errc::no_space_on_device);

  REQUIRE(::mkfifo(directory.path("fifo").c_str(), 0600) == 0);
  audit_file nobody_reads(directory.path("fifo"), 0, 0);
  CHECK(nobody_reads.append("one\n") == std::errc::no_such_device_or_address);
}

}  // namespace
}  // namespace sessiongate::proxy
