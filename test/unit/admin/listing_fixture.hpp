// Listings without a proxy: a registry, and what a listing of it gives.
#pragma once

#include "admin/listing.hpp"
#include "test/unit/admin/fake_session.hpp"

#include <utility>

namespace sessiongate::admin::test {

class no_interrupter : public backend_interrupter {
 public:
  boost::asio::awaitable<interrupt_answer> interrupt(backend_thread /*which*/, interrupt_scope /*scope*/) override {
    co_return interrupt_answer{};
  }
};

struct listing_fixture {
  session::registry sessions;
  no_interrupter interrupter;
  execution_context context{sessions, interrupter, std::chrono::seconds(1), 76286};
  principal everybody{principal_kind::proxysys, "", "", "", 0};

  table list(show_table asked = {}) { return std::get<table>(admin::list(asked, everybody, context)); }
};

}  // namespace sessiongate::admin::test
