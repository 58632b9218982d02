// Room for one waiter on one thread: a task (co_await slot.until_woken()) or an Asio coroutine (co_await slot.wait()).
// Holds no memory while nobody waits. Whoever wakes it runs the waiter on his own stack, so wake() is the last thing to
// do.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <coroutine>
#include <memory>
#include <utility>

namespace sessiongate::proxy {

class wait_slot {
 public:
  wait_slot() = default;
  wait_slot(const wait_slot&) = delete;
  wait_slot& operator=(const wait_slot&) = delete;

  [[nodiscard]] bool occupied() const { return resume_ != nullptr; }

  /// Wakes the waiter, if there is one.
  void wake() {
    if (!occupied()) return;
    const auto resume = std::exchange(resume_, nullptr);
    resume(waiter_);
  }

  /// Takes the waiter out: calling what it gives wakes him, with no need for the slot any more. Needs occupied().
  auto take() {
    return [resume = std::exchange(resume_, nullptr), waiter = waiter_] { resume(waiter); };
  }

  struct awaiter {
    wait_slot& slot;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept {
      slot.occupy([](void* address) { std::coroutine_handle<>::from_address(address).resume(); }, waiting.address());
    }
    void await_resume() const noexcept {}
  };
  /// For tasks.
  [[nodiscard]] awaiter until_woken() { return {*this}; }

  /// For Asio coroutines.
  boost::asio::awaitable<void> wait() {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        [this](auto handler) {
          using handler_type = decltype(handler);
          occupy(
              [](void* address) {
                const std::unique_ptr<handler_type> owned(static_cast<handler_type*>(address));
                auto call = std::move(*owned);
                std::move(call)();
              },
              new handler_type(std::move(handler)));
        },
        boost::asio::use_awaitable);
  }

 private:
  using resume_function = void (*)(void* waiter);

  void occupy(resume_function resume, void* waiter) noexcept {
    resume_ = resume;
    waiter_ = waiter;
  }

  resume_function resume_ = nullptr;
  void* waiter_ = nullptr;
};

}  // namespace sessiongate::proxy
