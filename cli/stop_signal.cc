#include "cli/stop_signal.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <span>
#include <string_view>
#include <utility>

namespace drydock::cli {
namespace {

constexpr std::array<int, 2> kSignals = {SIGINT, SIGTERM};
constexpr Duration kSlice = std::chrono::milliseconds(100);

volatile std::sig_atomic_t g_asked = 0;

void Ask(int /*signal*/) {
  g_asked = 1;
  constexpr std::string_view kTold =
      "\ndrydock: stopping after the request under way; once more stops at once\n";
  // Nothing can be done about a terminal that takes nothing.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kTold.data(), kTold.size());
}

void Handle(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  for (const int signal : kSignals) {
    ::sigaction(signal, &action, nullptr);
  }
}

class CountingSink : public BodySink {
 public:
  CountingSink(BodySink& inner, StoppableTransport::Counter& count)
      : inner_(inner), count_(count) {}
  Status Write(std::string_view bytes) override {
    Status written = inner_.Write(bytes);
    count_ += written ? bytes.size() : 0;
    return written;
  }
  Result<std::uint64_t> WriteFile(int descriptor, std::uint64_t offset,
                                  std::uint64_t length) override {
    auto written = inner_.WriteFile(descriptor, offset, length);
    count_ += written ? *written : 0;
    return written;
  }

 private:
  BodySink& inner_;
  StoppableTransport::Counter& count_;
};

class CountingReader : public BodyReader {
 public:
  CountingReader(Body inner, std::shared_ptr<StoppableTransport::Counter> count)
      : inner_(std::move(inner)), count_(std::move(count)) {}
  Result<std::size_t> Read(std::span<char> into) override {
    auto size = inner_.Read(into);
    *count_ += size ? *size : 0;
    return size;
  }
  Status WriteTo(BodySink& sink) override {
    CountingSink counting(sink, *count_);
    return inner_.WriteTo(counting);
  }

 private:
  Body inner_;
  std::shared_ptr<StoppableTransport::Counter> count_;
};

}  // namespace

StopSignal::StopSignal() {
  g_asked = 0;
  Handle(Ask);
}

StopSignal::~StopSignal() { Handle(SIG_DFL); }

bool StopSignal::Asked() { return g_asked != 0; }

Status StoppableClock::SleepFor(Duration span) {
  while (span > Duration::zero() && !StopSignal::Asked()) {
    const Duration slice = std::min(span, kSlice);
    if (Status slept = SystemClock::SleepFor(slice); !slept) {
      return slept;
    }
    span -= slice;
  }
  return StopSignal::Asked() ? Status(Error(ErrorCode::kCancelled, "stopped")) : Status(Ok{});
}

Result<Response> StoppableTransport::Send(Request request, Deadline deadline) {
  if (StopSignal::Asked()) {
    return Error(ErrorCode::kCancelled, "stopped");
  }
  const auto length = request.body.length();
  if (length != 0) {
    request.body =
        Body::FromReader(std::make_unique<CountingReader>(std::move(request.body), sent_), length);
  }
  return inner_->Send(std::move(request), deadline);
}

}  // namespace drydock::cli
