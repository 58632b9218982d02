// Sessions, callers and a backend that tells what it was asked, for the tests of execute().
#pragma once

#include "admin/command_table.hpp"
#include "admin/execute.hpp"
#include "admin/http_query.hpp"
#include "test/unit/admin/fake_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace sessiongate::admin::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

inline constexpr std::uint32_t first_id = session::cs_id_min + 1;
inline constexpr std::uint32_t second_id = session::cs_id_min + 2;
inline constexpr std::uint32_t own_id = session::cs_id_min + 100;

class fake_interrupter : public backend_interrupter {
 public:
  struct call {
    std::string backend;
    std::uint32_t connection_id;
    interrupt_scope scope;
  };

  asio::awaitable<interrupt_answer> interrupt(backend_thread which, interrupt_scope scope) override {
    calls.push_back({which.session->backend().text(), which.session->connection_id(), scope});
    co_return answer;
  }

  interrupt_answer answer{.status = interrupt_status::interrupted};
  std::vector<call> calls;
};

struct execute_fixture {
  session::registry sessions;
  fake_interrupter interrupter;
  execution_context context{sessions, interrupter, 2s, 99};
  principal owner{principal_kind::account, "root", "sys", "obdemo", own_id};
  principal other{principal_kind::account, "app", "sys", "obdemo", own_id};
  principal stranger{principal_kind::account, "root", "sys", "elsewhere", own_id};
  principal token{principal_kind::token, "", "", "", 0, {}, token_role::admin, "admin"};

  std::shared_ptr<fake_session> add(const fake_options& with, std::uint32_t connection_id = 0,
                                    session::endpoint backend = {"10.1.0.1", 3306}) {
    auto added = make_fake(with);
    REQUIRE(sessions.add(added));
    if (connection_id != 0) {
      added->add_server(with.cs_id * 10ULL, connection_id, std::move(backend));
      REQUIRE(sessions.bind(connection_id, with.cs_id));
    }
    return added;
  }

  result run(command what, const principal& who) {
    asio::io_context io(1);
    std::optional<result> given;
    asio::co_spawn(io, execute(std::move(what), who, context), [&](const std::exception_ptr& error, result done) {
      if (error) std::rethrow_exception(error);
      given = std::move(done);
    });
    io.run();
    REQUIRE(given);
    return *given;
  }

  failure fail(command what, const principal& who) {
    const auto given = run(std::move(what), who);
    REQUIRE(std::holds_alternative<failure>(given));
    return std::get<failure>(given);
  }

  kill_outcome kill(command what, const principal& who) {
    const auto given = run(std::move(what), who);
    if (const auto* error = std::get_if<failure>(&given)) FAIL(error->message);
    REQUIRE(std::holds_alternative<kill_outcome>(given));
    return std::get<kill_outcome>(given);
  }

  /// What `GET /v1/sessions?query` asks for.
  static command listing_of(std::string_view query) {
    const auto& entry = find_entry(show_table{});
    command_arguments asked;
    auto parameters = std::get<query_parameters>(parse_parameters(query));
    REQUIRE_FALSE(take_parameters(entry, std::move(parameters), asked));
    return entry.make(std::move(asked));
  }

  std::vector<std::uint32_t> list(std::string_view query, const principal& who) {
    const auto given = run(listing_of(query), who);
    std::vector<std::uint32_t> ids;
    for (const auto& row : std::get<table>(given).rows) {
      ids.push_back(static_cast<std::uint32_t>(std::get<std::int64_t>(row[1])));
    }
    return ids;
  }
};

}  // namespace sessiongate::admin::test
