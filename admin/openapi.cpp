#include "admin/openapi.hpp"

#include "admin/command_table.hpp"
#include "admin/http_kill.hpp"
#include "admin/http_query.hpp"
#include "admin/listing.hpp"
#include "admin/result.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace sessiongate::admin {

namespace {

using json = nlohmann::ordered_json;

json type_of(const column& of) {
  const auto base = of.type == value_type::boolean                                  ? "boolean"
                    : of.type == value_type::text || of.type == value_type::wide_id ? "string"
                                                                                    : "integer";
  return {{"type", json::array({base, "null"})}};
}

json parameter(std::string_view name, std::string_view in, std::string_view type, std::string_view description) {
  json made{{"name", name}, {"in", in}, {"description", description}, {"schema", {{"type", type}}}};
  if (in == "path") made["required"] = true;
  return made;
}

void add_path_parameters(json& list, std::string_view path) {
  constexpr std::array<std::array<std::string_view, 3>, 6> known{
      {{"id", "string",
        "a cs_id, a connection_id or a proxy_sessid; cs_id:N, connection_id:N or connection_id:N@backend"},
       {"ss_id", "integer", "the server session, as listed with the session"},
       {"number", "integer", "the drain, as listed"},
       {"name", "string", "the setting"},
       {"cluster", "string", "the cluster's name; any where there is only one, without a name"},
       {"backend", "string", "the backend, as listed, or without its port"}}};
  for (const auto& [name, type, description] : known) {
    if (path.find('{' + std::string(name) + '}') != std::string_view::npos) {
      list.push_back(parameter(name, "path", type, description));
    }
  }
}

constexpr std::array<std::array<std::string_view, 3>, 3> kill_parameters{
    {{"reason", "string", "why, for the log and the record of the kill; at most 256 bytes"},
     {"after", "string", "not at once, but when that has ended: statement or transaction"},
     {"timeout", "number", "seconds to wait for that"}}};

void add_query_parameters(json& list, const command_entry& entry) {
  if (entry.takes("[FULL]") || entry.takes("[ALL]")) {
    list.push_back(parameter("full", "query", "boolean", "more than is shown by default"));
  }
  for (const auto& [name, type, description] : kill_parameters) {
    if (takes_kill_parameter(entry, name)) list.push_back(parameter(name, "query", type, description));
  }
  if (!entry.takes("[filter]")) return;
  list.push_back(parameter("filter", "query", "string", "comparisons in SQL's words, with AND between"));
  list.push_back(parameter("like", "query", "string", "a pattern for the first name of the listing"));
  const bool is_rows = std::holds_alternative<show_table>(entry.make({}));
  if (is_rows) {
    list.push_back(parameter("sort", "query", "string", "columns, with - in front of descending ones"));
    list.push_back(parameter("limit", "query", "integer", "rows at most"));
    list.push_back(parameter("offset", "query", "integer", "rows to leave out first"));
  }
  for (const auto& each : columns_of(entry)) {
    if (each.json_name.empty()) continue;
    list.push_back(parameter(each.json_name, "query", "string",
                             "equals; with _ne, _lt, _le, _gt, _ge, _like, _not_like, _in, _not_in or _is_null behind "
                             "the name: compares so"));
  }
}

json rows_schema(const listing_entry& kind) {
  auto properties = json::object();
  for (const auto& each : kind.columns) {
    if (!each.json_name.empty()) properties.emplace(each.json_name, type_of(each));
  }
  return {
      {"type", "object"},
      {"properties",
       {{kind.json_name, {{"type", "array"}, {"items", {{"type", "object"}, {"properties", std::move(properties)}}}}},
        {"count", {{"type", "integer"}}},
        {"total", {{"type", "integer"}}}}}};
}

json response_schema(const command_entry& entry) {
  const auto made = entry.make({});
  if (const auto* list = std::get_if<show_table>(&made)) return rows_schema(find_listing(list->what));
  return {{"type", "object"}};
}

json responses(const command_entry& entry) {
  json all{{"200",
            {{"description", entry.help},
             {"content",
              {{"application/json", {{"schema", response_schema(entry)}}},
               {"text/plain", {{"schema", {{"type", "string"}}}}}}}}}};
  const auto made = entry.make({});
  const auto* const list = std::get_if<show_table>(&made);
  const bool is_followed = list != nullptr && list->what == listing::events;
  if (is_followed) all["200"]["content"]["text/event-stream"] = {{"schema", {{"type", "string"}}}};
  if (entry.method == "GET") all["304"] = {{"description", "nothing has changed since the ETag of If-None-Match"}};
  all["default"] = {
      {"description", "what went wrong (RFC 9457)"},
      {"content", {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/problem"}}}}}}}};
  return all;
}

/// Whom to hit, and when.
void add_choice(json& properties) {
  properties["where"] = {{"type", "object"},
                         {"description", "columns of the process list: a value, or {operator: value}"}};
  properties["filter"] = {{"type", "string"}, {"description", "the same in SQL's words, with AND between"}};
  properties["after"] = {{"type", "string"}, {"enum", json::array({"statement", "transaction"})}};
  properties["timeout"] = {{"type", "number"}, {"minimum", 0}};
}

json kill_body_schema(const command_entry& entry) {
  json properties{{"reason", {{"type", "string"}, {"maxLength", kill_reason_max}}}};
  if (entry.takes("[where]") || entry.takes("predicate")) add_choice(properties);
  if (!entry.takes("predicate")) return {{"type", "object"}, {"properties", std::move(properties)}};
  const json count{{"type", "integer"}, {"minimum", 1}};
  const json flag{{"type", "boolean"}};
  properties["mode"] = {{"type", "string"}, {"enum", json::array({"session", "query"})}};
  properties["dry_run"] = flag;
  properties["include_self"] = flag;
  properties["limit"] = count;
  properties["max"] = count;
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

json operation(const command_entry& entry) {
  auto parameters = json::array();
  add_path_parameters(parameters, entry.path);
  add_query_parameters(parameters, entry);
  json made{{"operationId", entry.name},
            {"summary", entry.help},
            {"description", "In SQL: `" + std::string(entry.sql) + "`. With ctl: `sessiongate ctl " +
                                std::string(entry.ctl) + "`. Right: " + std::string(to_text(entry.kind)) + "."},
            {"parameters", std::move(parameters)},
            {"responses", responses(entry)}};
  if (entry.method == "POST" && entry.takes("[options]")) {
    made["requestBody"] = {{"required", entry.takes("predicate")},
                           {"content", {{"application/json", {{"schema", kill_body_schema(entry)}}}}}};
  }
  if (entry.takes(" value")) {
    made["requestBody"] = {{"required", true},
                           {"content",
                            {{"application/json",
                              {{"schema",
                                {{"type", "object"},
                                 {"required", json::array({"value"})},
                                 {"properties", {{"value", {{"type", json::array({"string", "integer"})}}}}}}}}}}}};
  }
  return made;
}

json problem_schema() {
  return {{"type", "object"},
          {"properties",
           {{"type", {{"type", "string"}}},
            {"title", {{"type", "string"}}},
            {"status", {{"type", "integer"}}},
            {"detail", {{"type", "string"}}}}}};
}

std::string make_document() {
  auto paths = json::object();
  for (const auto& each : command_table()) {
    std::string method(each.method);
    std::ranges::transform(method, method.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    paths[std::string(each.path)][method] = operation(each);
  }
  const json document{{"openapi", "3.1.0"},
                      {"info", {{"title", "sessiongate admin API"}, {"version", SESSIONGATE_VERSION}}},
                      {"security", json::array({{{"token", json::array()}}})},
                      {"paths", std::move(paths)},
                      {"components",
                       {{"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
                        {"schemas", {{"problem", problem_schema()}}}}}};
  return document.dump() + '\n';
}

}  // namespace

const std::string& openapi_document() {
  static const std::string document = make_document();
  return document;
}

}  // namespace sessiongate::admin
