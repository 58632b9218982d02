#include "proxy/file_stamp.hpp"

#include "proxy/temporary_directory.hpp"

#include <sys/stat.h>
#include <ctime>
#include <filesystem>
#include <fstream>

using namespace sessiongate::proxy;
namespace files = std::filesystem;

namespace {

void write(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

/// Writing twice within one tick of the file system's clock leaves one time.
void set_time(const std::string& path, std::time_t seconds, long nanoseconds) {
  const timespec both[] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), both, 0) == 0);
}

}  // namespace

TEST_CASE("a file keeps its stamp while nobody writes it, and its reading changes nothing") {
  const test::temporary_directory directory;
  const auto path = directory.path("users");
  write(path, "one");
  const auto stamp = stamp_of(path);
  CHECK_FALSE(stamp == file_stamp{});
  CHECK(directory.content("users") == "one");
  CHECK(stamp_of(path) == stamp);
}

TEST_CASE("each sign of a change makes another stamp") {
  const test::temporary_directory directory;
  const auto path = directory.path("users");
  write(path, "one");
  set_time(path, 1000, 5);
  const auto stamp = stamp_of(path);

  SECTION("another size, at the same time") {
    write(path, "three");
    set_time(path, 1000, 5);
    CHECK_FALSE(stamp_of(path) == stamp);
  }
  SECTION("another content of the same size, a moment later") {
    write(path, "two");
    set_time(path, 1000, 6);
    CHECK_FALSE(stamp_of(path) == stamp);
  }
  SECTION("an older file") {
    set_time(path, 999, 5);
    CHECK_FALSE(stamp_of(path) == stamp);
  }
  SECTION("another file in its place, of the same size and time") {
    write(directory.path("new"), "two");
    set_time(directory.path("new"), 1000, 5);
    files::rename(directory.path("new"), path);
    CHECK_FALSE(stamp_of(path) == stamp);
  }
  SECTION("none in its place") {
    files::remove(path);
    CHECK(stamp_of(path) == file_stamp{});
  }
}

TEST_CASE("a link has the stamp of the file that it leads to") {
  const test::temporary_directory directory;
  for (const auto* version : {"old", "new"}) write(directory.path(version), "same size");
  set_time(directory.path("old"), 1000, 0);
  set_time(directory.path("new"), 1000, 0);
  files::create_symlink("old", directory.path("data"));
  const auto stamp = stamp_of(directory.path("data"));
  CHECK(stamp == stamp_of(directory.path("old")));
  files::create_symlink("new", directory.path("data_tmp"));
  files::rename(directory.path("data_tmp"), directory.path("data"));
  CHECK(stamp_of(directory.path("data")) == stamp_of(directory.path("new")));
  CHECK_FALSE(stamp_of(directory.path("data")) == stamp);
  files::remove(directory.path("new"));
  CHECK(stamp_of(directory.path("data")) == file_stamp{});
}

TEST_CASE("what is not there has no stamp") {
  CHECK(stamp_of("") == file_stamp{});
  CHECK(stamp_of("/no/such/file") == file_stamp{});
}
