// A scenario file as anybody may write it: it is read, or everything wrong with it is one line
// each; what is right can be told in prose. Any JSON can be laid out, and then stays as it is.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/json.h"
#include "scenarios/authoring/explain.h"
#include "scenarios/authoring/format.h"
#include "scenarios/runner/loader.h"

namespace {

using namespace drydock;             // NOLINT(google-build-using-namespace)
using namespace drydock::scenarios;  // NOLINT(google-build-using-namespace)

constexpr std::string_view kName = "fuzzed.json";

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

bool OneLine(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
}

void ReadIt(const json::Value& document) {
  json::Source source{std::string(kName)};
  const Scenario scenario = ReadScenario(source, document);
  const auto errors = source.errors();
  Require(errors.empty() == source.ok() && errors.size() <= json::Source::kErrorsMax);
  for (const Error& error : errors) {
    Require(OneLine(error.message()));
  }
  if (source.ok()) {
    Require(!ExplainScenario(document, scenario, kFormatColumns).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kTextMax = 1 << 16;
  if (size > kTextMax) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = json::Parse(text, kName, {.comments = true});
  const auto laid = FormatJson(text, kName);
  Require(document.ok() == laid.ok());
  if (!document) {
    return 0;
  }
  const auto again = FormatJson(*laid, kName);
  Require(again.ok() && *again == *laid);
  ReadIt(*document);
  return 0;
}
