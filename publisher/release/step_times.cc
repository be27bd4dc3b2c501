#include "publisher/release/step_times.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/json.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kRemembered = 5;  // of each step

}  // namespace

StepTimes::StepTimes(std::string path) : path_(std::move(path)) {
  const auto text = ReadWholeFile(path_);
  for (const std::string& line : text ? Split(*text, '\n') : std::vector<std::string>()) {
    const auto parsed = line.empty() ? Error(ErrorCode::kInvalid, "") : json::Parse(line, path_);
    const json::Value* milliseconds = parsed ? parsed->Find("milliseconds") : nullptr;
    const auto span = milliseconds == nullptr ? std::nullopt : milliseconds->as_integer();
    if (span && *span >= 0) {
      spans_[std::string(parsed->Text("step"))].push_back(std::chrono::milliseconds(*span));
    }
  }
}

std::optional<Duration> StepTimes::Usual(std::string_view step) const {
  const auto found = spans_.find(step);
  if (found == spans_.end()) {
    return std::nullopt;
  }
  std::vector<Duration> last = found->second;
  last.erase(last.begin(),
             last.end() - static_cast<std::ptrdiff_t>(std::min(last.size(), kRemembered)));
  std::sort(last.begin(), last.end());
  return last[last.size() / 2];
}

std::optional<Duration> StepTimes::Left(std::string_view now, Duration elapsed,
                                        const std::vector<std::string>& later) const {
  const auto usual = Usual(now);
  bool known = usual.has_value();
  Duration left = std::max(usual.value_or(Duration::zero()) - elapsed, Duration::zero());
  for (const std::string& step : later) {
    const auto one = Usual(step);
    known = known || one;
    left += one.value_or(Duration::zero());
  }
  return known ? std::optional(left) : std::nullopt;
}

Status StepTimes::Note(std::string_view release, std::string_view step, Duration span) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(span);
  spans_[std::string(step)].push_back(milliseconds);
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
  std::ofstream file(path_, std::ios::app);
  const nlohmann::ordered_json line = {
      {"release", release}, {"step", step}, {"milliseconds", milliseconds.count()}};
  file << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  return file.flush()
             ? Status(Ok{})
             : Status(Error(ErrorCode::kUnavailable, Concat({path_, ": cannot be written"})));
}

}  // namespace drydock::publisher
