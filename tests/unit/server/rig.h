// A listener on a free port with a small site behind it, for the tests of this folder. The site
// answers by path: /sink (the digest of what came), /long (201 once another asked for /a), /big,
// /range, /json, /stream, /refused, and else the method and target it was asked for. Threads: those
// of the listener, and the test's.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "core/text.h"
#include "simulator/server/listener.h"
#include "simulator/server/shifted_clock.h"
#include "tests/support/raw_client.h"

namespace drydock::simulator {

// What the sites' exchanges saw and did, for the test's thread to look at.
class Witness {
 public:
  void Saw(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    received_ += bytes;
    changed_.notify_all();
  }
  void Began(const std::string& what) {
    const std::lock_guard lock(mutex_);
    begun_.insert(what);
    changed_.notify_all();
  }
  bool WaitForBytes(std::size_t bytes) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return received_ >= bytes; });
  }
  bool WaitFor(const std::string& what) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return begun_.count(what) > 0; });
  }

 private:
  static constexpr std::chrono::seconds kPatience{10};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t received_ = 0;
  std::set<std::string> begun_;
};

// Bytes that nobody knows the number of.
class Trickle : public BodyReader {
 public:
  explicit Trickle(int pieces) : pieces_(pieces) {}
  Result<std::size_t> Read(std::span<char> into) override {
    return pieces_-- > 0 ? std::string_view("piece ").copy(into.data(), into.size()) : 0;
  }

 private:
  int pieces_;
};

inline Response Answered(int status, Headers headers, std::string body) {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = Body::FromString(std::move(body));
  return response;
}

class TestExchange : public Exchange {
 public:
  TestExchange(RequestHead head, Witness& witness) : head_(std::move(head)), witness_(witness) {
    witness_.Began(head_.method + " " + head_.url.path);
  }

  const Route& route() const override { return route_; }
  std::optional<Response> Decide() override {
    const bool refused = head_.url.path == "/refused";
    return refused ? std::optional(Answered(401, {}, "who are you")) : std::nullopt;
  }
  void Receive(std::string_view piece) override {
    hasher_.Update(piece);
    witness_.Saw(piece.size());
    in_time_ = head_.url.path != "/long" || witness_.WaitFor("GET /a");
  }
  Response Apply() override {
    const std::string& path = head_.url.path;
    if (path == "/sink") {
      return Answered(201, {{"Digest", hasher_.Finish().ToString()}}, "");
    }
    if (path == "/long") {
      return Answered(in_time_ ? 201 : 504, {}, "");
    }
    if (path == "/big") {
      return Answered(200, {}, std::string(kBigBytes, 'b'));
    }
    if (path == "/range") {
      return Answered(206, {{"Content-Range", "bytes 2-4/10"}}, "cde");
    }
    if (path == "/json") {
      return Answered(200, {{"Content-Type", "application/json"}}, R"({"a":1})");
    }
    if (path == "/stream") {
      Response response;
      response.body = Body::FromReader(std::make_unique<Trickle>(3), std::nullopt);
      return response;
    }
    return Answered(200, {}, Concat({head_.method, " ", head_.url.Target()}));
  }

  static constexpr std::size_t kBigBytes = 3'000'000;

 private:
  RequestHead head_;
  Witness& witness_;
  Route route_;
  Hasher hasher_;
  bool in_time_ = true;
};

class TestSite : public Site {
 public:
  explicit TestSite(Witness& witness) : witness_(witness) {}
  std::unique_ptr<Exchange> Begin(RequestHead head) override {
    return std::make_unique<TestExchange>(std::move(head), witness_);
  }

 private:
  Witness& witness_;
};

// A server of its own for each test.
struct Rig {
  explicit Rig(std::vector<FaultRule> rules = {}, ServerLimits limits = {},
               const TlsIdentity* tls = nullptr)
      : faults(std::move(rules), 1),
        context{machine, limits, tls == nullptr ? "http" : "https", {}, {}},
        listener(context, tls) {
    internet.Attach("*", site);
    context.serve = [this](RequestHead head, Body& body, const std::shared_ptr<Peer>& peer) {
      return Served{internet.Serve(std::move(head), body, peer)};
    };
    context.opened = [this](Phase phase, const Caller& caller) {
      return internet.Opened(phase, caller, caller.server_name);
    };
    context.note = [this](const Caller&, const std::string& text) {
      journal.Append("server", NoteEvent{text});
    };
    const Result<std::uint16_t> bound = listener.Bind({"127.0.0.1", 0});
    EXPECT_TRUE(bound.ok());
    port = bound ? *bound : 0;
    listener.Start();
  }

  SystemClock machine;
  ShiftedClock clock{machine};  // of the world
  Journal journal{clock};
  FaultState faults;
  Internet internet{clock, journal, faults};
  Witness witness;
  TestSite site{witness};
  ConnectionContext context;
  Listener listener;
  std::uint16_t port = 0;
};

}  // namespace drydock::simulator
