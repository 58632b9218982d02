#include "proxy/password_hashes.hpp"

#include "proxy/password.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

using namespace sessiongate::proxy;
using sessiongate::protocol::as_bytes;

namespace {

const std::string of_secret = "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7";
const std::string of_other = "*0123456789ABCDEF0123456789ABCDEF01234567";

}  // namespace

TEST_CASE("each server is asked where it has them") {
  struct known {
    std::string_view version;
    std::string_view question;
  };
  const std::array all{
      known{"5.5.5-10.11.6-MariaDB-0+deb12u1-log", "SELECT Priv FROM mysql.global_priv WHERE User = X'617070'"},
      known{"10.4.0-MariaDB", "SELECT Priv FROM mysql.global_priv WHERE User = X'617070'"},
      known{"11.4.2-MariaDB", "SELECT Priv FROM mysql.global_priv WHERE User = X'617070'"},
      known{"5.5.5-10.3.39-MariaDB", "SELECT Password, authentication_string FROM mysql.user WHERE User = X'617070'"},
      known{"5.6.51-log", "SELECT Password, authentication_string FROM mysql.user WHERE User = X'617070'"},
      known{"5.7.44", "SELECT authentication_string FROM mysql.user WHERE User = X'617070'"},
      known{"8.4.3", "SELECT authentication_string FROM mysql.user WHERE User = X'617070'"},
      known{"what is this?", "SELECT Password, authentication_string FROM mysql.user WHERE User = X'617070'"},
  };
  for (const auto& each : all) {
    INFO(each.version);
    CHECK(hashes_question(each.version, "app") == each.question);
    CHECK(each.question.find(hashes_table(each.version)) != std::string_view::npos);
  }
}

TEST_CASE("a name cannot leave its place in the statement") {
  CHECK(hashes_question("8.0.1", "'; DROP").ends_with("WHERE User = X'273B2044524F50'"));
  CHECK(hashes_question("8.0.1", "").ends_with("WHERE User = X''"));
}

TEST_CASE("hashes are found wherever they stand, each once") {
  const auto found = read_hashes(as_bytes(R"({"authentication_string":")" + of_secret + R"(","auth_or":[{"x":")" +
                                          of_other + R"("}, {"y":")" + of_secret + "\"}]}"));
  REQUIRE(found.size() == 2);
  CHECK(found.front() == native_hash(sessiongate::protocol::as_text(native_hash("secret"))));
}

TEST_CASE("what only looks like a hash is none") {
  for (std::size_t size = 0; size < of_secret.size(); ++size)
    CHECK(read_hashes(as_bytes(of_secret).first(size)).empty());
  CHECK(read_hashes(as_bytes(of_secret.substr(1))).empty());
  CHECK(read_hashes(as_bytes("*" + std::string(40, 'G'))).empty());
  CHECK(read_hashes(as_bytes("*" + std::string(40, '*'))).empty());
  CHECK(read_hashes(as_bytes("*- " + of_secret)).size() == 1);
  CHECK(read_hashes(as_bytes("*" + of_secret)).size() == 1);
  CHECK(read_hashes({}).empty());
}
