// A coroutine for the data path: it costs its frame and nothing else. Asio's awaitable needs an operation object, a
// handler and an executor hop for each wait; a relay waits four times for each query (docs/performance.md has the
// difference).
//
// task<T> starts when it is awaited and resumes its awaiter when it ends. detach() starts one that nobody awaits.
// Everything runs on one thread. To wait for an Asio awaitable inside a task, use asio_call.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace sessiongate::proxy {

namespace detail {

struct task_promise_base {
  std::coroutine_handle<> awaiter = std::noop_coroutine();
  std::exception_ptr failure;

  struct resume_awaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      return ended.promise().awaiter;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  resume_awaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() { failure = std::current_exception(); }
};

template <class T>
struct task_promise : task_promise_base {
  std::optional<T> value;
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() {
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
};

template <>
struct task_promise<void> : task_promise_base {
  void return_void() {}
  void take() const {
    if (failure) std::rethrow_exception(failure);
  }
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] task {
 public:
  struct promise_type : detail::task_promise<T> {
    task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  };

  task(task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  task(const task&) = delete;
  task& operator=(const task&) = delete;
  task& operator=(task&&) = delete;
  ~task() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    handle_.promise().awaiter = awaiter;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  explicit task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

/// A coroutine that starts at once, that nobody awaits and that frees itself. Its body must not throw.
struct detached_task {
  struct promise_type {
    detached_task get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

/// Awaits an Asio coroutine inside a task, on the same thread: `co_await asio_call(executor, f(…))`.
template <class T>
class asio_call {
 public:
  asio_call(boost::asio::any_io_executor executor, boost::asio::awaitable<T> callee)
      : executor_(std::move(executor)), callee_(std::move(callee)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiter) {
    boost::asio::co_spawn(executor_, std::move(callee_), [this, awaiter](std::exception_ptr failure, T value) {
      failure_ = std::move(failure);
      value_.emplace(std::move(value));
      awaiter.resume();
    });
  }
  T await_resume() {
    if (failure_) std::rethrow_exception(failure_);
    return std::move(*value_);
  }

 private:
  boost::asio::any_io_executor executor_;
  boost::asio::awaitable<T> callee_;
  std::exception_ptr failure_;
  std::optional<T> value_;
};

}  // namespace sessiongate::proxy
