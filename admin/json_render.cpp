#include "admin/json_render.hpp"

#include "admin/breather.hpp"
#include "admin/session_id.hpp"

#include <boost/beast/http/status.hpp>

#include <type_traits>
#include <utility>

namespace sessiongate::admin {

namespace {

using json = nlohmann::ordered_json;

json to_json(const cell& value) {
  return std::visit(
      [](const auto& each) -> json {
        if constexpr (std::is_same_v<std::decay_t<decltype(each)>, std::monostate>) {
          return nullptr;
        } else {
          return each;
        }
      },
      value);
}

json to_json(const cell& value, value_type type) {
  const auto* id = std::get_if<std::uint64_t>(&value);
  return type == value_type::wide_id && id != nullptr ? json(std::to_string(*id)) : to_json(value);
}

template <class Number>
json null_when_zero(Number value) {
  return value == 0 ? json() : json(value);
}

json null_when_empty(const std::string& text) {
  return text.empty() ? json() : json(text);
}

http_answer render(const table& what) {
  auto rows = json::array();
  breather pause;
  for (const auto& each : what.rows) {
    rows.push_back(render_row(what.columns, each));
    pause.step();
  }
  auto body = json::object();
  body.emplace(what.json_name, std::move(rows));
  body.emplace("count", what.rows.size());
  body.emplace("total", what.total);
  return {.body = std::move(body)};
}

void add_attributes(json& object, const attribute_group& group) {
  for (const auto& each : group.attributes) object.emplace(each.name, to_json(each.value));
}

http_answer render(const session_detail& what) {
  auto body = json::object();
  for (const auto& group : what.client) add_attributes(body, group);
  auto servers = json::array();
  for (const auto& group : what.server_sessions) {
    auto& server = servers.emplace_back(json::object());
    add_attributes(server, group);
    server.emplace("info", group.info);
  }
  body.emplace("server_sessions", std::move(servers));
  return {.body = std::move(body)};
}

json describe(const kill_outcome& what) {
  const auto recoverable = is_recoverable(what);
  return {{"outcome", to_text(end_of(what))},
          {"status", to_text(what.status)},
          {"cs_id", what.cs_id},
          {"proxy_sessid", std::to_string(what.proxy_sessid)},
          {"ss_id", null_when_zero(what.ss_id)},
          {"connection_id", null_when_zero(what.connection_id)},
          {"user", what.user},
          {"interrupt", to_text(what.interrupt)},
          {"backend_error", null_when_zero(what.backend_error)},
          {"backend_sqlstate", null_when_empty(what.backend_sqlstate)},
          {"backend_answer", null_when_empty(what.backend_answer)},
          {"elapsed_us", what.elapsed.count()},
          {"was_running", what.was_running},
          {"statement", null_when_empty(what.statement)},
          {"ran_us", what.was_running ? json(what.ran.count()) : json()},
          {"was_in_transaction", what.was_in_transaction},
          {"ending", to_text(what.ending)},
          {"waited_us", what.waited.count()},
          {"ended_with", null_when_empty(what.ended_with)},
          {"recoverable", recoverable ? json(*recoverable) : json()},
          {"obstacle", null_when_empty(std::string(obstacle_word(what)))}};
}

http_answer render(const kill_outcome& what) {
  return {.body = describe(what)};
}

http_answer render(const kill_report& what) {
  auto rows = json::array();
  for (const auto& each : what.targets.rows) rows.push_back(render_row(what.targets.columns, each));
  return {.body = {{"dry_run", what.dry_run},
                   {"mode", what.query ? "query" : "session"},
                   {"matched", what.matched},
                   {"killed", what.killed},
                   {what.targets.json_name, std::move(rows)}}};
}

http_answer render(const acknowledgement& what) {
  return {.body = {{"status", "ok"}, {"message", null_when_empty(what.message)}}};
}

unsigned http_status(failure_kind kind) {
  switch (kind) {
    case failure_kind::malformed:
      return 400;
    case failure_kind::unknown_id:
    case failure_kind::unknown_name:
      return 404;
    case failure_kind::bad_value:
      return 400;
    case failure_kind::not_owner:
    case failure_kind::forbidden:
      return 403;
    case failure_kind::ambiguous:
    case failure_kind::read_only:
    case failure_kind::changed:
    case failure_kind::too_many:
      return 409;
    case failure_kind::unauthorized:
      return 401;
    case failure_kind::backend:
      return 502;
    case failure_kind::busy:
      return 503;
    case failure_kind::timeout:
      return 504;
  }
  return 500;
}

json describe(const failure::ended_session& gone) {
  return {{"cs_id", gone.cs_id},
          {"proxy_sessid", std::to_string(gone.proxy_sessid)},
          {"closed_at", gone.closed_at},
          {"reason", gone.reason},
          {"detail", null_when_empty(gone.detail)}};
}

json render_candidates(const std::vector<failure::candidate>& candidates) {
  auto list = json::array();
  for (const auto& each : candidates) {
    const session_id by_cs_id(each.cs_id, id_form::cs_id);
    const session_id by_backend(each.connection_id, id_form::connection_id, each.backend);
    list.push_back({{"cs_id", each.cs_id},
                    {"backend", each.backend},
                    {"connection_id", each.connection_id},
                    {"ids", json::array({to_text(by_cs_id), to_text(by_backend)})}});
  }
  return list;
}

http_answer render(const failure& what) {
  auto answer = make_problem(http_status(what.kind), what.message);
  if (what.kind == failure_kind::ambiguous) answer.body.emplace("candidates", render_candidates(what.candidates));
  if (what.ended) answer.body.emplace("ended", describe(*what.ended));
  if (what.code != 0) {
    answer.body.emplace("mysql_error",
                        json{{"code", what.code}, {"sqlstate", what.sqlstate}, {"message", what.message}});
  }
  if (what.outcome) answer.body.emplace("outcome", to_text(*what.outcome));
  if (what.target) answer.body.emplace("target", describe(*what.target));
  return answer;
}

}  // namespace

nlohmann::ordered_json render_row(std::span<const column> columns, const std::vector<cell>& row) {
  auto object = json::object();
  for (std::size_t at = 0; at < row.size(); ++at) {
    const auto& of = columns[at];
    if (!of.json_name.empty()) object.emplace(of.json_name, to_json(row[at], of.type));
  }
  return object;
}

http_answer render_json(const result& what) {
  return std::visit([](const auto& each) { return render(each); }, what);
}

http_answer make_problem(unsigned status, std::string detail) {
  const std::string title(boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status)));
  json body{{"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", std::move(detail)}};
  return {.status = status, .problem = true, .body = std::move(body)};
}

}  // namespace sessiongate::admin
