// Doubles for tests of the publisher's clients: a clock that only moves when somebody sleeps, and a
// transport that answers from a script and remembers what it was asked. Threads: one thread.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/text.h"
#include "core/transport.h"

namespace drydock::publisher {

class FakeClock : public Clock {
 public:
  TimePoint Now() override { return start_ + elapsed_; }
  Duration Elapsed() override { return elapsed_; }
  Status SleepFor(Duration span) override {
    if (cancel_at_ && elapsed_ + span >= *cancel_at_) {
      return Error(ErrorCode::kCancelled, "stopped");
    }
    elapsed_ += span;
    return Ok{};
  }
  void Advance(Duration span) { elapsed_ += span; }
  // From this moment on a sleep ends with kCancelled.
  void CancelAt(Duration moment) { cancel_at_ = moment; }

 private:
  TimePoint start_ = *ParseRfc3339("2026-05-28T06:00:00Z");
  Duration elapsed_{0};
  std::optional<Duration> cancel_at_;
};

// What the transport was asked.
struct Sent {
  std::string method;
  Url url;
  Headers headers;
  std::string body;

  // "HEAD https://registry-1.docker.io/v2/a/b/manifests/v1".
  std::string Line() const { return Concat({method, " ", url.ToString()}); }
};

// An answer whose body ends with an error after `bytes`.
class BrokenBody : public BodyReader {
 public:
  BrokenBody(std::string bytes, Error error) : bytes_(std::move(bytes)), error_(std::move(error)) {}
  Result<std::size_t> Read(std::span<char> into) override {
    if (bytes_.empty()) {
      return error_;
    }
    const std::size_t size = std::min(into.size(), bytes_.size());
    bytes_.copy(into.data(), size);
    bytes_.erase(0, size);
    return size;
  }

 private:
  std::string bytes_;
  Error error_;
};

inline Response MakeResponse(int status, Headers headers = {}, std::string body = "") {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = Body::FromString(std::move(body));
  return response;
}

inline std::string RegistryErrorBody(std::string_view code, std::string_view message = "said so") {
  return Concat({R"({"errors":[{"code":")", code, R"(","message":")", message, R"("}]})"});
}

// A failure of the registry, in its own form.
inline Response RegistryError(int status, std::string_view code) {
  return MakeResponse(status, {{"Content-Type", "application/json"}}, RegistryErrorBody(code));
}

inline Response HtmlPage(int status, Headers headers = {}) {
  headers.Add("Content-Type", "text/html");
  return MakeResponse(status, std::move(headers),
                      Concat({"<html>\r\n<head><title>", std::to_string(status), " ",
                              ReasonPhrase(status), "</title></head>\r\n<body></body>\r\n"}));
}

class ScriptedTransport : public Transport {
 public:
  using Handler = std::function<Result<Response>(const Sent&)>;

  // Answers every request by `handler` once the queue of Then is empty.
  void Otherwise(Handler handler) { otherwise_ = std::move(handler); }
  // The next request gets this answer; one call per request, in order.
  void Then(Handler handler) { queue_.push_back(std::move(handler)); }
  void Then(int status, const Headers& headers = {}, const std::string& body = "") {
    Then([=](const Sent&) -> Result<Response> { return MakeResponse(status, headers, body); });
  }
  void ThenError(ErrorCode code, const std::string& message = "lost") {
    Then([=](const Sent&) -> Result<Response> { return Error(code, message); });
  }

  Result<Response> Send(Request request, Deadline) override {
    auto body = ReadAll(request.body, 64u << 20);
    sent_.push_back({request.method, request.url, request.headers, body ? *body : ""});
    if (next_ < queue_.size()) {
      const Handler handler = queue_[next_++];
      return handler(sent_.back());
    }
    if (otherwise_) {
      return otherwise_(sent_.back());
    }
    return Error(ErrorCode::kInternal, Concat({"nothing scripted for ", sent_.back().Line()}));
  }

  const std::vector<Sent>& sent() const { return sent_; }
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const Sent& one : sent_) {
      lines.push_back(one.Line());
    }
    return lines;
  }
  bool AllAnswered() const { return next_ == queue_.size(); }

 private:
  std::vector<Handler> queue_;
  std::size_t next_ = 0;
  Handler otherwise_;
  std::vector<Sent> sent_;
};

}  // namespace drydock::publisher
