#include "admin/http_server.hpp"

#include "admin/authorize.hpp"
#include "admin/event_stream.hpp"
#include "admin/failures.hpp"
#include "admin/http_access.hpp"
#include "admin/http_api.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <exception>
#include <optional>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <variant>

namespace sessiongate::admin {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::generic::stream_protocol;
using http_acceptor = asio::basic_socket_acceptor<stream_protocol>;

constexpr auto io = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_size_max = std::size_t{16} * 1024;     // bytes taken from the socket at once
constexpr std::size_t logged_target_max = 256;                    // bytes
constexpr std::size_t drain_size_max = std::size_t{1024} * 1024;  // bytes
constexpr std::chrono::seconds drain_timeout{1};

/// The status for a request that could not be read. Empty: the connection is of no use any more.
std::optional<unsigned> status_for(const boost::system::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == http::make_error_code(http::error::bad_method).category()) return 400;
  return std::nullopt;
}

std::string describe_request(const socket_address& from, const http_request& request) {
  const auto target = request.target().substr(0, logged_target_max);
  const auto method = request.method_string();
  return to_endpoint(from).text() + ' ' + std::string(method.data(), method.size()) + ' ' +
         std::string(target.data(), target.size());
}

/// One connection too many: told so without waiting for its request, for waiting would make it one that is served.
template <class Socket>
void refuse(Socket& socket) {
  constexpr std::string_view answer =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Type: text/plain\r\n"
      "Content-Length: 21\r\n\r\ntoo many connections\n";
  std::array<char, 4096> request{};
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.read_some(asio::buffer(request), ignored);  // closing with bytes unread would reset the connection
  socket.write_some(asio::buffer(answer.data(), answer.size()), ignored);
  std::ignore = socket.shutdown(asio::socket_base::shutdown_both, ignored);
}

/// What a request gets: an answer, or events for as long as it likes.
using reply = std::variant<http_response, event_subscription>;

http_response too_many_readers(const http_request& request) {
  auto response = make_response(request, make_problem(503, "So many read events already (events-readers-max)"));
  response.set(http::field::retry_after, "1");
  return response;
}

}  // namespace

struct http_server::implementation : std::enable_shared_from_this<implementation> {
  implementation(const asio::any_io_executor& executor, const socket_address& at, http_server_options with,
                 http_pages shown, execution_context& commands)
      : acceptor(executor, at),
        options(std::move(with)),
        pages(std::move(shown)),
        context(commands),
        backoff(executor) {
    options.event_readers.write_timeout = options.request_timeout;
    if (options.events != nullptr)
      readers = std::make_shared<event_readers>(executor, *options.events, options.event_readers);
  }

  asio::awaitable<void> accept();
  asio::awaitable<void> serve(http_stream stream);
  asio::awaitable<void> serve_requests(http_stream& stream);
  asio::awaitable<void> drain(http_stream& stream, beast::flat_buffer& buffer);
  asio::awaitable<bool> serve_request(http_stream& stream, beast::flat_buffer& buffer, const socket_address& peer);
  asio::awaitable<reply> answer(const http_request& request, const session::endpoint& from, std::string& outcome);
  asio::awaitable<std::variant<principal, http_answer>> identify(const http_request& request,
                                                                 const std::string& address);
  asio::awaitable<void> wait(login_throttle::clock::duration how_long);
  asio::awaitable<bool> serve_events(http_stream& stream, const http_request& request, const socket_address& peer,
                                     event_subscription wanted);
  http_response show_page(const http_request& request, open_page page) const;
  reply start_following(const http_request& request, const show_table& asked, principal who, std::string& outcome);
  void spawn(asio::awaitable<void> task);
  void close();

  http_acceptor acceptor;
  http_server_options options;
  const http_pages pages;
  execution_context& context;
  asio::steady_timer backoff;
  std::unordered_set<http_stream*> connections;   // each lives in its serve(); those of readers of events are not here
  std::shared_ptr<event_readers> readers;         // null: there are no events
  std::unordered_set<asio::steady_timer*> waits;  // each lives in its wait()
};

void http_server::implementation::spawn(asio::awaitable<void> task) {
  auto finish = [self = shared_from_this()](const std::exception_ptr& error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
      self->pages.log(std::string("an HTTP connection ended by an exception: ") + thrown.what());
    }
  };
  asio::co_spawn(acceptor.get_executor(), std::move(task), std::move(finish));
}

asio::awaitable<void> http_server::implementation::accept() {
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(io);
    if (!acceptor.is_open()) co_return;
    if (error) {  // out of file descriptors, mostly: they do not come back by asking at once
      backoff.expires_after(std::chrono::milliseconds(100));
      co_await backoff.async_wait(io);
      continue;
    }
    if (connections.size() < options.connections_max)
      spawn(serve(http_stream(std::move(socket))));
    else
      refuse(socket);
  }
}

asio::awaitable<void> http_server::implementation::serve(http_stream stream) {
  struct entry {
    std::unordered_set<http_stream*>& all;
    http_stream* mine;
    entry(std::unordered_set<http_stream*>& in, http_stream* added) : all(in), mine(added) { all.insert(mine); }
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    ~entry() { all.erase(mine); }
  };
  if (!acceptor.is_open()) co_return;  // stop() came between
  const entry listed(connections, &stream);
  co_await serve_requests(stream);
}

asio::awaitable<void> http_server::implementation::serve_requests(http_stream& stream) {
  boost::system::error_code ignored;
  const auto peer = stream.socket().remote_endpoint(ignored);
  beast::flat_buffer buffer(options.header_max + read_size_max);
  bool more = true;
  while (more) more = co_await serve_request(stream, buffer, peer);
  if (!stream.socket().shutdown(asio::socket_base::shutdown_send, ignored)) co_await drain(stream, buffer);
}

/// Closing with bytes unread would reset the connection, and the client could lose the answer that was on its way.
asio::awaitable<void> http_server::implementation::drain(http_stream& stream, beast::flat_buffer& buffer) {
  stream.expires_after(drain_timeout);
  for (std::size_t drained = 0; drained < drain_size_max;) {
    buffer.clear();
    const auto [error, size] = co_await stream.async_read_some(buffer.prepare(read_size_max), io);
    if (error) co_return;
    drained += size;
  }
}

asio::awaitable<bool> http_server::implementation::serve_request(http_stream& stream, beast::flat_buffer& buffer,
                                                                 const socket_address& peer) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(options.header_max);
  parser.body_limit(options.body_max);
  stream.expires_after(options.request_timeout);
  const auto [read_error, read_size] = co_await http::async_read(stream, buffer, parser, io);

  std::string outcome;
  std::optional<http_response> response;
  if (!read_error) {
    stream.expires_never();  // a command has limits of its own
    auto given = co_await answer(parser.get(), to_endpoint(peer), outcome);
    if (auto* wanted = std::get_if<event_subscription>(&given)) {
      const bool more = co_await serve_events(stream, parser.get(), peer, std::move(*wanted));
      co_return more;
    }
    response = std::get<http_response>(std::move(given));
  } else if (const auto status = status_for(read_error)) {
    outcome = read_error.message();
    response = make_response(parser.get(), make_problem(*status, "The request could not be read: " + outcome));
    response->keep_alive(false);
  } else {
    co_return false;
  }
  pages.log(describe_request(peer, parser.get()) + ' ' + std::to_string(response->result_int()) + ' ' + outcome);
  if (!stream.socket().is_open()) co_return false;

  stream.expires_after(options.request_timeout);
  const auto [write_error, write_size] = co_await http::async_write(stream, *response, io);
  co_return !write_error && response->keep_alive();
}

/// stop() and other tokens end it. What the connection is of use for afterwards: nothing.
asio::awaitable<bool> http_server::implementation::serve_events(http_stream& stream, const http_request& request,
                                                                const socket_address& peer, event_subscription wanted) {
  const auto line = describe_request(peer, request) + " 200 " + to_text(wanted.reader);
  pages.log(line + " follows events");
  if (!stream.socket().is_open()) co_return false;
  connections.erase(&stream);
  const bool chunked = request.version() >= 11;
  const auto why = co_await readers->serve(stream, std::move(wanted), chunked);
  pages.log(line + " follows events no more: " + std::string(why));
  co_return false;
}

/// stop() cuts it short.
asio::awaitable<void> http_server::implementation::wait(login_throttle::clock::duration how_long) {
  asio::steady_timer timer(acceptor.get_executor(), how_long);
  waits.insert(&timer);
  co_await timer.async_wait(io);
  waits.erase(&timer);
}

asio::awaitable<std::variant<principal, http_answer>> http_server::implementation::identify(
    const http_request& request, const std::string& address) {
  if (options.tokens.size() == 0) co_return no_tokens_configured();
  const auto presented = bearer_token(request);
  if (!presented) co_return token_missing();
  auto* const throttle = options.throttle;
  if (throttle != nullptr) {
    const auto delay = throttle->admit(address);
    if (!delay) co_return too_many_wrong_tokens(throttle->longest_delay());
    if (*delay > login_throttle::clock::duration::zero()) co_await wait(*delay);
  }
  auto found = options.tokens.find(*presented);
  if (throttle != nullptr) {
    if (!found) throttle->failed(address);
    if (found && found->role == token_role::admin) throttle->succeeded_fully(address);
  }
  if (!found) co_return token_wrong();
  co_return std::move(*found);
}

asio::awaitable<reply> http_server::implementation::answer(const http_request& request, const session::endpoint& from,
                                                           std::string& outcome) {
  principal who;
  if (needs_token(request)) {
    auto identified = co_await identify(request, from.address);
    if (const auto* refusal = std::get_if<http_answer>(&identified)) {
      outcome = "anonymous " + refusal->body.value("detail", std::string());
      co_return make_response(request, *refusal);
    }
    who = std::get<principal>(std::move(identified));
    who.face = face_of(request);
    who.address = from.text();
  }
  auto route = route_request(request);
  if (const auto* page = std::get_if<open_page>(&route)) {
    outcome = "anonymous";
    co_return show_page(request, *page);
  }
  if (const auto* ready = std::get_if<http_answer>(&route)) {
    outcome = "refused " + ready->body.value("detail", std::string());
    co_return make_response(request, *ready);
  }
  if (readers && asks_for_stream(request, std::get<command>(route)))
    co_return start_following(request, std::get<show_table>(std::get<command>(route)), std::move(who), outcome);
  const auto done = co_await execute(std::get<command>(std::move(route)), who, context);
  outcome = to_text(who) + ' ' + summarize(done);
  co_return make_result_response(request, done);
}

reply http_server::implementation::start_following(const http_request& request, const show_table& asked, principal who,
                                                   std::string& outcome) {
  outcome = to_text(who) + " refused";
  if (!may(who, command_kind::list_sessions))
    return make_result_response(request, forbidden(who, command_kind::list_sessions));
  if (readers->full()) return too_many_readers(request);
  auto wanted = subscribe(request, asked, std::move(who));
  if (auto* wrong = std::get_if<failure>(&wanted)) return make_result_response(request, std::move(*wrong));
  return std::get<event_subscription>(std::move(wanted));
}

http_response http_server::implementation::show_page(const http_request& request, open_page page) const {
  constexpr std::string_view text = "text/plain; charset=utf-8";
  switch (page) {
    case open_page::metrics:
      return make_text_response(request, 200, "text/plain; version=0.0.4; charset=utf-8", pages.metrics());
    case open_page::readiness:
      if (!pages.ready()) return make_text_response(request, 503, text, "not ready\n");
      return make_text_response(request, 200, text, "ready\n");
    case open_page::openapi:
      return make_openapi_response(request);
    case open_page::health:
      break;
  }
  return make_text_response(request, 200, text, "ok\n");
}

void http_server::implementation::close() {
  boost::system::error_code ignored;
  std::ignore = acceptor.close(ignored);
  backoff.cancel();
  for (auto* each : connections) each->close();
  if (readers) readers->end_all();
  for (auto* each : waits) each->cancel();
}

http_server::http_server(const asio::any_io_executor& executor, const socket_address& at, http_server_options options,
                         http_pages pages, execution_context& context)
    : self_(std::make_shared<implementation>(executor, at, std::move(options), std::move(pages), context)) {}

http_server::~http_server() {
  stop();
}

std::uint16_t http_server::port() const {
  return port_of(self_->acceptor.local_endpoint());
}

void http_server::start() {
  if (self_->readers) self_->readers->start();
  self_->spawn(self_->accept());
}

std::size_t http_server::token_count() const {
  return self_->options.tokens.size();
}

void http_server::set_tokens(access_tokens tokens) {
  self_->options.tokens = std::move(tokens);
  if (self_->readers) self_->readers->end_all();
}

void http_server::stop() {
  asio::post(self_->acceptor.get_executor(), [self = self_] { self->close(); });
}

}  // namespace sessiongate::admin
