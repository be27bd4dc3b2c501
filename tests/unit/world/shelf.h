// A site to put things on, and a world with a network in front of it, for tests of the driver.
// Threads: as the world's. Source: simulator/world/internet.h.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/world/internet.h"
#include "simulator/world/world.h"

namespace drydock::simulator {

inline const TimePoint kStart = *ParseRfc3339("2026-05-28T06:00:00Z");
inline constexpr std::string_view kHost = "registry-1.docker.io";

// A site that stores what is put under a path and logs what it is asked to do. "/secret" is refused
// from the head, "/big" serves 100,000 bytes of unknown length.
class Shelf : public Site {
 public:
  std::unique_ptr<Exchange> Begin(RequestHead head) override {
    return std::make_unique<Visit>(*this, std::move(head));
  }

  std::map<std::string, std::string> shelf;
  std::map<std::string, std::string> sessions;  // what arrived, applied or not
  std::vector<std::string> log;

 private:
  class Visit : public Exchange {
   public:
    Visit(Shelf& owner, RequestHead head) : owner_(owner), head_(std::move(head)) {
      route_.operation = head_.method == "PUT" ? "manifest.put" : "manifest.get";
      route_.repository = "a/b";
      route_.reference = head_.url.path.substr(1);
    }
    const Route& route() const override { return route_; }
    std::optional<Response> Decide() override {
      owner_.log.push_back("decide " + route_.reference);
      if (route_.reference != "secret") {
        return std::nullopt;
      }
      Response response;
      response.status = 401;
      response.body = Body::FromString("go away");
      return response;
    }
    void Receive(std::string_view piece) override {
      body_.append(piece);
      const std::lock_guard lock(owner_.sessions_mutex_);
      owner_.sessions[route_.reference] = body_;
    }
    Response Apply() override {
      owner_.log.push_back("apply " + route_.reference);
      Response response;
      if (head_.method == "PUT") {
        owner_.shelf[route_.reference] = body_;
        response.status = 201;
        response.headers.Set("Location", head_.url.ToString());
        return response;
      }
      const auto found = owner_.shelf.find(route_.reference);
      response.status = found == owner_.shelf.end() ? 404 : 200;
      response.body =
          Body::FromString(found == owner_.shelf.end() ? "nothing here" : found->second);
      return response;
    }

   private:
    Shelf& owner_;
    RequestHead head_;
    Route route_;
    std::string body_;
  };

  std::mutex sessions_mutex_;  // Receive comes from several threads
};

class InternetTest : public ::testing::Test {
 protected:
  void Start(std::string_view rules = "", std::uint64_t seed = 1) {
    auto read = ParseFaultFile(Concat({"{\"faults\": [", rules, "]}"}), "f.json");
    ASSERT_TRUE(read.ok()) << read.error().message();
    faults_ = std::make_unique<FaultState>(std::move(*read), seed);
    net_ = std::make_unique<Internet>(world_.clock(), journal_, *faults_);
    net_->Attach(std::string(kHost), site_);
    transport_ = net_->Connect(world_, "203.0.113.7", "ci");
  }

  Request Make(std::string_view method, std::string_view path, std::string body = "") {
    Request request;
    request.method = method;
    request.url = *Url::Parse(Concat({"https://", kHost, path}));
    request.body = Body::FromString(std::move(body));
    return request;
  }
  Result<Response> Send(std::string_view method, std::string_view path, std::string body = "") {
    return transport_->Send(Make(method, path, std::move(body)), kNoDeadline);
  }
  // "201", "kAmbiguous: …".
  std::string Told(std::string_view method, std::string_view path, std::string body = "") {
    auto response = Send(method, path, std::move(body));
    return response ? std::to_string(response->status)
                    : Concat({Name(response.error().code()), ": ", response.error().message()});
  }
  ExchangeEvent Last() const {
    const auto events = journal_.Snapshot();
    const auto last = std::find_if(events.rbegin(), events.rend(), [](const Event& event) {
      return std::holds_alternative<ExchangeEvent>(event.payload);
    });
    return last == events.rend() ? ExchangeEvent{} : std::get<ExchangeEvent>(last->payload);
  }
  std::vector<FaultEvent> Firings() const {
    std::vector<FaultEvent> firings;
    for (const Event& event : journal_.Snapshot()) {
      if (const auto* fault = std::get_if<FaultEvent>(&event.payload)) {
        firings.push_back(*fault);
      }
    }
    return firings;
  }
  RuleCount Count(std::size_t rule = 0) const { return faults_->Counts()[rule]; }

  World world_{1, kStart};
  Journal journal_{world_.clock()};
  Shelf site_;
  std::unique_ptr<FaultState> faults_;
  std::unique_ptr<Internet> net_;
  std::unique_ptr<Transport> transport_;
};

inline std::string All(Result<Response>& response) { return *ReadAll(response->body, 1 << 20); }

}  // namespace drydock::simulator
