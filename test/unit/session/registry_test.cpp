#include "session/registry.hpp"

#include "session/recorded_session.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace sessiongate::session;
using test::make_session;

namespace {

std::vector<std::uint32_t> found_ids(const registry& sessions, std::uint64_t id) {
  std::vector<std::uint32_t> ids;
  for (const auto& each : sessions.find(id)) ids.push_back(each->cs_id());
  std::ranges::sort(ids);
  return ids;
}

using ids = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("an empty registry finds nothing") {
  const registry sessions;
  CHECK(sessions.size() == 0);
  CHECK(sessions.list().empty());
  CHECK(sessions.find(0).empty());
  CHECK(sessions.find(cs_id_min).empty());
  CHECK(sessions.find(proxy_sessid_min).empty());
  CHECK(sessions.find(~std::uint64_t{0}).empty());
}

TEST_CASE("a session is found by each of its three ids") {
  registry sessions;
  const auto one = make_session(1);
  const auto two = make_session(2);
  REQUIRE(sessions.add(one));
  REQUIRE(sessions.add(two));
  REQUIRE(sessions.bind(55, one->cs_id()));
  one->add_server(1, 55);

  CHECK(found_ids(sessions, one->cs_id()) == ids{one->cs_id()});
  CHECK(found_ids(sessions, one->proxy_sessid()) == ids{one->cs_id()});
  CHECK(found_ids(sessions, 55) == ids{one->cs_id()});
  CHECK(found_ids(sessions, two->cs_id()) == ids{two->cs_id()});
  CHECK(sessions.size() == 2);
}

TEST_CASE("a proxy_sessid with the right low bits is not enough") {
  registry sessions;
  const auto one = make_session(1);
  REQUIRE(sessions.add(one));
  const auto other = one->proxy_sessid() + (std::uint64_t{1} << 30U);
  REQUIRE(cs_id_of(other) == one->cs_id());
  CHECK(sessions.find(other).empty());
}

TEST_CASE("an id above 32 bits that is no proxy_sessid is unknown, whatever its low bits") {
  registry sessions;
  const auto one = make_session(1);
  REQUIRE(sessions.add(one));
  CHECK(sessions.find((std::uint64_t{1} << 32U) | one->cs_id()).empty());
}

TEST_CASE("removing is idempotent and leaves the others") {
  registry sessions;
  const auto one = make_session(1);
  const auto two = make_session(17);  // the same stripe
  REQUIRE(one->cs_id() % registry::stripe_count == two->cs_id() % registry::stripe_count);
  REQUIRE(sessions.add(one));
  REQUIRE(sessions.add(two));
  sessions.remove(one->cs_id());
  sessions.remove(one->cs_id());
  sessions.remove(12345);
  CHECK(sessions.find(one->cs_id()).empty());
  CHECK(found_ids(sessions, two->cs_id()) == ids{two->cs_id()});
  CHECK(sessions.size() == 1);
  CHECK(sessions.add(one));
}

TEST_CASE("a list holds every session once, from all stripes") {
  registry sessions;
  std::vector<std::shared_ptr<test::recorded_session>> made;
  constexpr std::uint32_t count = 100;
  for (std::uint32_t number = 0; number < count; ++number) {
    made.push_back(make_session(number));
    REQUIRE(sessions.add(made.back()));
  }
  std::vector<std::uint32_t> listed;
  for (const auto& each : sessions.list()) listed.push_back(each->cs_id());
  std::ranges::sort(listed);
  REQUIRE(listed.size() == count);
  for (std::uint32_t number = 0; number < count; ++number) CHECK(listed[number] == cs_id_min + number);
  CHECK(sessions.size() == count);
}

TEST_CASE("a connection_id that two backends gave leads to both sessions") {
  registry sessions;
  const auto one = make_session(1);
  const auto two = make_session(2);
  REQUIRE(sessions.add(one));
  REQUIRE(sessions.add(two));
  REQUIRE(sessions.bind(9, one->cs_id()));
  REQUIRE(sessions.bind(9, two->cs_id()));
  one->add_server(1, 9, {"10.1.0.1", 3306});
  two->add_server(2, 9, {"10.1.0.2", 3306});
  CHECK(found_ids(sessions, 9) == ids{one->cs_id(), two->cs_id()});

  sessions.unbind(9, one->cs_id());
  CHECK(found_ids(sessions, 9) == ids{two->cs_id()});
  sessions.unbind(9, two->cs_id());
  CHECK(sessions.find(9).empty());
}

TEST_CASE("a session with several server sessions is found by each of their numbers") {
  registry sessions;
  const auto one = make_session(1);
  REQUIRE(sessions.add(one));
  for (const std::uint32_t number : {9U, 10U}) {
    REQUIRE(sessions.bind(number, one->cs_id()));
    one->add_server(number, number);
  }
  CHECK(found_ids(sessions, 9) == ids{one->cs_id()});
  sessions.unbind(9, one->cs_id());
  one->remove_server_session(9);
  CHECK(sessions.find(9).empty());
  CHECK(found_ids(sessions, 10) == ids{one->cs_id()});
}

TEST_CASE("a cs_id is refused while it is the number of a live session or server session") {
  registry sessions;
  const auto one = make_session(1);
  const auto two = make_session(2);
  REQUIRE(sessions.add(one));

  SECTION("the same cs_id twice") {
    CHECK_FALSE(sessions.add(make_session(1)));
    CHECK(sessions.find(one->cs_id()).front() == one);
  }
  SECTION("a live connection_id") {
    REQUIRE(sessions.bind(two->cs_id(), one->cs_id()));
    one->add_server(1, two->cs_id());
    CHECK_FALSE(sessions.add(two));
    CHECK(found_ids(sessions, two->cs_id()) == ids{one->cs_id()});
    CHECK(sessions.size() == 1);
    sessions.unbind(two->cs_id(), one->cs_id());
    CHECK(sessions.add(two));
  }
}

TEST_CASE("a connection_id is refused while it is a live cs_id") {
  registry sessions;
  const auto one = make_session(1);
  const auto two = make_session(2);
  REQUIRE(sessions.add(one));
  REQUIRE(sessions.add(two));
  CHECK_FALSE(sessions.bind(two->cs_id(), one->cs_id()));
  CHECK_FALSE(sessions.bind(one->cs_id(), one->cs_id()));
  CHECK(found_ids(sessions, two->cs_id()) == ids{two->cs_id()});

  sessions.remove(two->cs_id());
  CHECK(sessions.bind(two->cs_id(), one->cs_id()));
}

TEST_CASE("a stale entry of the second index hits nobody") {
  registry sessions;
  const auto one = make_session(1);
  REQUIRE(sessions.add(one));
  REQUIRE(sessions.bind(9, one->cs_id()));

  SECTION("the session has no such server session (any more, or not yet)") {
    CHECK(sessions.find(9).empty());
  }
  SECTION("the session is gone") {
    one->add_server(1, 9);
    sessions.remove(one->cs_id());
    CHECK(sessions.find(9).empty());
  }
}

TEST_CASE("unbinding what is not bound does nothing") {
  registry sessions;
  const auto one = make_session(1);
  REQUIRE(sessions.add(one));
  REQUIRE(sessions.bind(9, one->cs_id()));
  one->add_server(1, 9);
  sessions.unbind(9, 4711);
  sessions.unbind(10, one->cs_id());
  CHECK(found_ids(sessions, 9) == ids{one->cs_id()});
}

TEST_CASE("sessions are destroyed outside of the locks") {
  registry sessions;
  std::size_t seen = 99;
  {
    const auto last = make_session(1);
    const auto id = last->cs_id();
    // Would wait for ever if the stripe's lock were still held.
    last->at_end = [&sessions, &seen, id] { seen = sessions.find(id).size() + sessions.size(); };
    REQUIRE(sessions.add(last));
  }
  REQUIRE(seen == 99);
  sessions.remove(cs_id_min + 1);
  CHECK(seen == 0);
}

TEST_CASE("a session that was found lives for as long as it is held") {
  registry sessions;
  bool ended = false;
  auto made = make_session(1);
  made->at_end = [&ended] { ended = true; };
  REQUIRE(sessions.add(made));
  made.reset();
  auto found = sessions.find(cs_id_min + 1);
  sessions.remove(cs_id_min + 1);
  CHECK_FALSE(ended);
  found.clear();
  CHECK(ended);
}
