// An exchange as tests of the fault engine describe it. Threads: plain values.
// Source: simulator/faults/fault_state.h.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/text.h"
#include "simulator/faults/fault_state.h"
#include "simulator/faults/read_rules.h"

namespace drydock::simulator {

// The state of rules given as the elements of a "faults" array.
inline const TimePoint kStart = *ParseRfc3339("2026-05-28T06:00:00Z");
inline const std::string kDigest = "sha256:" + std::string(64, 'a');
inline const std::string kOtherDigest = "sha256:" + std::string(64, 'b');

inline FaultState Faults(std::string_view rules, std::uint64_t seed = 1) {
  auto read = ParseFaultFile(Concat({"{\"faults\": [", rules, "]}"}), "f.json");
  EXPECT_TRUE(read.ok()) << rules << "\n" << (read ? "" : read.error().message());
  return read ? FaultState(std::move(*read), seed) : FaultState({}, seed);
}

struct Seen {
  std::string method = "PUT";
  Route route = {"manifest.put", "joakimp/devbox", "v1", ""};
  Headers headers;
  Caller caller = {"ci", "203.0.113.7", 1};
  std::string host = "registry-1.docker.io";
  TimePoint now = kStart;
  int status = 0;
  std::string manifest = R"({"mediaType": "m"})";

  template <class Use>
  auto With(Use use) const {
    RequestHead head;
    head.method = method;
    head.url = *Url::Parse("https://" + host + "/v2/");
    head.headers = headers;
    head.caller = caller;
    return use(Sight{head, route, now, status, manifest.empty() ? nullptr : &manifest});
  }
  bool Fires(FaultState& faults, Phase phase = Phase::kDecide) const {
    return With([&](const Sight& sight) { return faults.Offer(phase, sight).has_value(); });
  }
  void Observed(FaultState& faults) const {
    With([&](const Sight& sight) { faults.Observe(sight); });
  }
};

inline Seen BlobHead(std::string_view digest = kDigest) {
  Seen seen;
  seen.method = "HEAD";
  seen.route = {"blob.head", "joakimp/devbox", std::string(digest), ""};
  seen.manifest.clear();
  return seen;
}

inline Seen BlobCommit(std::string_view digest = kDigest) {
  Seen seen;
  seen.route = {"upload.commit", "joakimp/devbox", std::string(digest), "session-1"};
  seen.manifest.clear();
  return seen;
}

}  // namespace drydock::simulator
