#include "admin/access_tokens.hpp"

#include <catch2/catch.hpp>

namespace sessiongate::admin {
namespace {

std::vector<std::string> errors_in(std::string_view text) {
  access_tokens tokens;
  std::vector<std::string> errors;
  tokens.read(text, errors);
  return errors;
}

TEST_CASE("tokens are read with their names and roles", "[admin][access_tokens]") {
  access_tokens tokens;
  std::vector<std::string> errors;
  // echo -n hidden | sha256sum
  tokens.read(
      "# who may look\n"
      "grafana viewer plain-text\r\n"
      "\n"
      "  ops\toperator   sha256:E564B4081D7A9EA4B00DADA53BDAE70C99B87B6FCE869F0C3DD4D2BFA1E53E1C  \n"
      "root admin last",
      errors);
  CHECK(errors.empty());
  REQUIRE(tokens.size() == 3);
  CHECK(tokens.find("plain-text")->token == "grafana");
  CHECK(tokens.find("plain-text")->role == token_role::viewer);
  CHECK(tokens.find("plain-text")->kind == principal_kind::token);
  CHECK(tokens.find("hidden")->token == "ops");
  CHECK(tokens.find("hidden")->role == token_role::operators);
  CHECK(tokens.find("last")->role == token_role::admin);
}

TEST_CASE("only the very token is found", "[admin][access_tokens]") {
  access_tokens tokens;
  CHECK_FALSE(tokens.find(""));
  REQUIRE(tokens.add("a", token_role::admin, "secret"));
  for (const auto* wrong : {"", "secre", "secrets", "Secret", " secret", "a",
                            "sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"}) {
    CAPTURE(wrong);
    CHECK_FALSE(tokens.find(wrong));
  }
  CHECK(tokens.find("secret"));
}

TEST_CASE("what is wrong in a file is told by its line, without what could be a token", "[admin][access_tokens]") {
  CHECK(errors_in("a viewer t\nb chief t") ==
        std::vector<std::string>{"line 2: the role must be viewer, operator or admin"});
  CHECK(errors_in("a viewer") == std::vector<std::string>{"line 1: there is no token"});
  CHECK(errors_in("a viewer t u") == std::vector<std::string>{"line 1: there is something behind the token"});
  CHECK(errors_in("a viewer t\n\na admin u") == std::vector<std::string>{"line 3: the name is there already"});
  for (const auto* hash : {"", "12", "zz", "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25",
                           "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25bb",
                           "+bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"}) {
    CAPTURE(hash);
    CHECK(errors_in("a viewer sha256:" + std::string(hash)) ==
          std::vector<std::string>{"line 1: sha256: needs 64 hexadecimal digits"});
  }
}

}  // namespace
}  // namespace sessiongate::admin
