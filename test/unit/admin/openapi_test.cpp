#include "admin/openapi.hpp"

#include "admin/command_table.hpp"
#include "admin/http_query.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <set>
#include <string>

namespace sessiongate::admin {
namespace {

const nlohmann::json& document() {
  static const auto read = nlohmann::json::parse(openapi_document());
  return read;
}

const nlohmann::json& operation_of(const command_entry& entry) {
  std::string method(entry.method);
  for (auto& letter : method) letter = static_cast<char>(letter | 0x20);
  return document().at("paths").at(std::string(entry.path)).at(method);
}

TEST_CASE("every command is an operation, and there are no others", "[admin][openapi]") {
  std::size_t count = 0;
  for (const auto& path : document().at("paths")) count += path.size();
  CHECK(count == command_table().size());
  for (const auto& each : command_table()) CHECK(operation_of(each).at("operationId") == each.name);
}

TEST_CASE("every parameter of a path is required, and every column can be filtered", "[admin][openapi]") {
  for (const auto& each : command_table()) {
    CAPTURE(each.name);
    std::set<std::string> names;
    for (const auto& one : operation_of(each).at("parameters")) {
      CHECK(names.insert(one.at("name")).second);
      CHECK(one.value("required", false) == (one.at("in") == "path"));
    }
    const std::string path(each.path);
    for (const auto* name : {"id", "ss_id", "name"}) {
      if (path.find(std::string("{") + name + '}') != std::string::npos) CHECK(names.contains(name));
    }
    if (!each.takes("[filter]")) continue;
    for (const auto& one : columns_of(each)) {
      if (!one.json_name.empty()) CHECK(names.contains(std::string(one.json_name)));
    }
  }
}

TEST_CASE("only what reads can be answered with 304", "[admin][openapi]") {
  for (const auto& each : command_table()) {
    CHECK(operation_of(each).at("responses").contains("304") == (each.method == "GET"));
  }
}

}  // namespace
}  // namespace sessiongate::admin
