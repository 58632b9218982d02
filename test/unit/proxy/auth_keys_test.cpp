#include "proxy/auth_keys.hpp"

#include <catch2/catch.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <unistd.h>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

using namespace sessiongate::proxy;
namespace protocol = sessiongate::protocol;

namespace {

struct key_files {
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("auth_keys." + std::to_string(::getpid()));
  std::string own = directory / "own.pem";
  std::string backend = directory / "backend.pem";

  key_files() {
    std::filesystem::create_directories(directory);
    auto* key = EVP_RSA_gen(2048);
    write(own, [key](FILE* to) { PEM_write_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); });
    write(backend, [key](FILE* to) { PEM_write_PUBKEY(to, key); });
    EVP_PKEY_free(key);
  }
  ~key_files() { std::filesystem::remove_all(directory); }

  template <class Content>
  static void write(const std::string& path, Content content) {
    auto* file = std::fopen(path.c_str(), "w");
    content(file);
    std::fclose(file);
  }
};

}  // namespace

TEST_CASE("a key is made where the backend may get passwords as they are, and only there") {
  config settings;
  settings.clusters = {{.backends = {{.address = {"127.0.0.1", 3306}}}}};
  CHECK(auth_keys(settings).own() == nullptr);
  CHECK(auth_keys(settings).backend_public_pem() == nullptr);
  settings.backend_tls = tls_mode::preferred;
  CHECK(auth_keys(settings).own() != nullptr);
  settings.backend_tls = tls_mode::disabled;
  settings.clusters.front().backends.push_back({.address = {"/run/mysqld/mysqld.sock", 0}});
  CHECK(auth_keys(settings).own() != nullptr);
}

TEST_CASE("keys come from the files that are configured") {
  const key_files files;
  config settings;
  settings.auth_key_file = files.own;
  settings.backend_public_key_file = files.backend;
  auth_keys keys(settings);
  REQUIRE(keys.own() != nullptr);
  REQUIRE(keys.backend_public_pem() != nullptr);
  CHECK(*keys.backend_public_pem() == keys.own()->public_pem());
}

TEST_CASE("files without the right key are refused") {
  const key_files files;
  const std::string none = files.directory / "none";
  for (const auto& wrong : {files.backend, none}) {
    config settings;
    settings.auth_key_file = wrong;
    CHECK_THROWS_AS(auth_keys{settings}, std::runtime_error);
  }
  for (const auto& wrong : {files.own, none}) {
    config settings;
    settings.backend_public_key_file = wrong;
    CHECK_THROWS_AS(auth_keys{settings}, std::runtime_error);
  }
}
