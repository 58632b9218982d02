#include "proxy/log.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <unistd.h>
#include <cstdio>
#include <functional>
#include <limits>
#include <regex>

using namespace sessiongate::proxy;

namespace {

/// What `body` writes to descriptor 2.
std::string standard_error_of(const std::function<void()>& body) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int kept = ::dup(STDERR_FILENO);
  REQUIRE(kept >= 0);
  REQUIRE(::dup2(::fileno(file), STDERR_FILENO) >= 0);
  body();
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  std::string text;
  std::rewind(file);
  for (int each = std::fgetc(file); each != EOF; each = std::fgetc(file)) text += static_cast<char>(each);
  std::fclose(file);
  return text;
}

/// The lines of one log, without the last line end.
std::string logged(log_format format, const std::function<void()>& body, std::string_view level = "info") {
  auto text = standard_error_of([&] {
    open_log(level, format);
    body();
    close_log();
  });
  if (!text.empty()) {
    CHECK(text.back() == '\n');
    text.pop_back();
  }
  return text;
}

std::string logged_field(const std::string& value) {
  const auto line = logged(log_format::text, [&] { log_event(log_level::info, "event", {{"field", value}}); });
  CHECK(line.find('\n') == std::string::npos);
  const auto at = line.find(" field=");
  REQUIRE(at != std::string::npos);
  return line.substr(at + 7);
}

nlohmann::json logged_json(const std::string& value) {
  const auto line = logged(log_format::json, [&] { log_event(log_level::info, "event", {{"field", value}}); });
  CHECK(line.find('\n') == std::string::npos);
  return nlohmann::json::parse(line).at("field");
}

}  // namespace

TEST_CASE("a text line has time, level, event and fields") {
  const auto line = logged(log_format::text, [] {
    log_event(log_level::warning, "session_closed",
              {{"cs_id", 1073741830U}, {"user", "root"}, {"negative", -5}, {"host", std::string("10.0.0.7:63882")}});
  });
  const std::regex form(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning session_closed cs_id=1073741830 user=root )"
                        R"(negative=-5 host=10\.0\.0\.7:63882)");
  INFO(line);
  CHECK(std::regex_match(line, form));
}

TEST_CASE("a JSON line has the same, with numbers as numbers") {
  const auto line = logged(log_format::json, [] {
    log_event(log_level::error, "session_closed",
              {{"cs_id", 1073741830U}, {"user", "5"}, {"wide", std::numeric_limits<std::uint64_t>::max()}});
  });
  const auto parsed = nlohmann::json::parse(line);
  CHECK(parsed.at("level") == "error");
  CHECK(parsed.at("event") == "session_closed");
  CHECK(parsed.at("cs_id") == 1073741830);
  CHECK(parsed.at("user") == "5");
  CHECK(parsed.at("wide") == std::numeric_limits<std::uint64_t>::max());
  CHECK(
      std::regex_match(parsed.at("time").get<std::string>(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
}

TEST_CASE("in text, what is not plain is quoted, and a line stays a line") {
  CHECK(logged_field("plain-1.2:3/[]") == "plain-1.2:3/[]");
  CHECK(logged_field("") == R"("")");
  CHECK(logged_field("two words") == R"("two words")");
  CHECK(logged_field(R"(say "hi")") == R"("say \"hi\"")");
  CHECK(logged_field("a=b") == R"("a=b")");
  CHECK(logged_field("back\\slash") == R"("back\\slash")");
  CHECK(logged_field("new\nline\rreturn\ttab") == R"("new\nline\rreturn\ttab")");
  CHECK(logged_field(std::string("nul\0esc\x1b", 8)) == R"("nul\u0000esc\u001b")");
  CHECK(logged_field("m\xc3\xbcller") == "\"m\xc3\xbcller\"");
  CHECK(logged_field("bad\xff\xc3") == "\"bad\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(logged_field("{} {0} %s %v") == R"("{} {0} %s %v")");
}

TEST_CASE("in JSON, every value comes back as it was, but for bytes that are no UTF-8") {
  for (const std::string& value : {std::string(), std::string("two words"), std::string("say \"hi\" \\ {} %v"),
                                   std::string("new\nline\0", 9), std::string("m\xc3\xbcller")}) {
    CHECK(logged_json(value) == value);
  }
  CHECK(logged_json("bad\xff") == "bad\xef\xbf\xbd");
}

TEST_CASE("events below the level are not logged") {
  const auto all_levels = [] {
    for (const auto level :
         {log_level::trace, log_level::debug, log_level::info, log_level::warning, log_level::error}) {
      log_event(level, "event", {});
    }
  };
  const auto lines = [&](std::string_view level) {
    const auto text = logged(log_format::text, all_levels, level);
    return text.empty() ? 0 : std::count(text.begin(), text.end(), '\n') + 1;
  };
  CHECK(lines("trace") == 5);
  CHECK(lines("debug") == 4);
  CHECK(lines("info") == 3);
  CHECK(lines("warning") == 2);
  CHECK(lines("error") == 1);
}

TEST_CASE("before it is opened and after it is closed the log drops everything") {
  const auto text = standard_error_of([] {
    log_event(log_level::error, "before", {});
    open_log("info", log_format::text);
    CHECK(log_enabled(log_level::info));
    CHECK_FALSE(log_enabled(log_level::debug));
    close_log();
    log_event(log_level::error, "after", {});
  });
  CHECK_FALSE(log_enabled(log_level::error));
  CHECK(text.empty());
}

TEST_CASE("lines keep their order, and none is lost when the log is closed") {
  constexpr int count = 2000;
  const auto text = logged(log_format::text, [] {
    for (int number = 0; number < count; ++number) log_event(log_level::info, "event", {{"number", number}});
  });
  std::size_t at = 0;
  for (int number = 0; number < count; ++number) {
    at = text.find(" number=" + std::to_string(number), at);
    if (at == std::string::npos) FAIL("line " << number << " is lost or out of order");
  }
}
