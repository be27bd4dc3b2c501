// How long the steps of earlier publishes took, for an estimate of what is left: a file of JSON
// lines that only grows. Threads: one. Source: issue "What a person sees" (ETA from the journal of
// earlier runs).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace drydock::publisher {

class StepTimes {
 public:
  // Reads what is there; lines that cannot be read are passed over. No file: nothing is known.
  explicit StepTimes(std::string path);

  // The median of the last few times the step ran; nullopt when it never did.
  std::optional<Duration> Usual(std::string_view step) const;
  // What is left when `now` has been under way for `elapsed` and `later` come after it: the sum of
  // what is usual. nullopt when nothing is known of any of them.
  std::optional<Duration> Left(std::string_view now, Duration elapsed,
                               const std::vector<std::string>& later) const;
  // Adds a line. kUnavailable when it cannot be written.
  Status Note(std::string_view release, std::string_view step, Duration span);

 private:
  std::string path_;
  std::map<std::string, std::vector<Duration>, std::less<>> spans_;  // oldest first
};

}  // namespace drydock::publisher
