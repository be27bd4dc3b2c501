// A registry in process with one small image in it, and requests to ask of it: what the benchmark
// times and what callgrind counts.
// Threads: one. Source: the issue on speed, in process `Handle` and fault rules that do not match.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http.h"
#include "core/journal.h"
#include "simulator/faults/fault_state.h"
#include "simulator/registry/registry.h"
#include "simulator/world/internet.h"

namespace drydock::bench {

// How armed rules that do not match a GET of a manifest miss it.
enum class Miss { kOperation, kRepository, kReference, kPosition };
inline constexpr Miss kMisses[] = {Miss::kOperation, Miss::kRepository, Miss::kReference,
                                   Miss::kPosition};
std::string_view Name(Miss miss);  // "other operation", …

class Handled {
 public:
  // With `rules` armed rules, each for something else than what is asked here.
  explicit Handled(std::size_t rules = 0, Miss miss = Miss::kOperation);

  simulator::Registry& registry() { return registry_; }
  static Url Target(std::string_view path);
  static constexpr std::string_view kPing = "/v2/";
  static constexpr std::string_view kManifest = "/v2/team/app/manifests/v1";

  // The registry alone, as a driver walks it. False unless it answers 200.
  bool Ask(const std::string& method, const Url& url);
  // The whole way that a request takes in process: rules, registry, journal.
  bool Serve(const std::string& method, const Url& url);

 private:
  SystemClock clock_;
  Journal journal_;
  simulator::FaultState faults_;
  simulator::Registry registry_;
  simulator::Internet internet_;
};

}  // namespace drydock::bench
