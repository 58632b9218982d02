// What requests say of kills, beyond their path: in the query of any of them, and in the JSON body of a POST.
//
//   reason=text  after=statement|transaction  timeout=seconds
//   {"reason": "why", "after": "transaction", "timeout": 30}
//
// A query is interrupted at once: only a reason can be given with it. The body of POST /v1/kill says whom to hit:
//
//   {"where": {"user": "app", "idle": {"gt": 300}, "db": null, "state": ["client_read", "client_write"]},
//    "filter": "Info LIKE '%SLEEP%'", "mode": "query", "dry_run": true, "limit": 10, "max": 100, "include_self": false,
//    "reason": …, "after": …, "timeout": …}
//
// `where` and `filter` have to hold together, one of them has to be there. Operators of `where` are those of query
// parameters, without the underscore, and eq.
// That of POST /v1/drains has `where`, `filter`, `reason`, `after` and `timeout`, and may be left out.
#pragma once

#include "admin/command_table.hpp"
#include "admin/json_render.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::admin {

/// Whether a request for this command may have that parameter about its manner.
bool takes_kill_parameter(const command_entry& entry, std::string_view name);
/// Otherwise the answer: 400.
std::optional<http_answer> take_kill_parameter(std::string_view name, std::string_view value, kill_manner& into);

/// Puts the body of a request for this command, if it is a kill's, into `given`. Otherwise the answer: 400.
std::optional<http_answer> take_kill_body(const command_entry& entry, const std::string& body,
                                          command_arguments& given);

/// What cannot be seen before everything is taken.
std::optional<http_answer> check_kill(const command_arguments& given);

}  // namespace sessiongate::admin
