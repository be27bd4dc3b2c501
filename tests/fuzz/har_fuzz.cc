// A capture from any program: it is no HAR, nothing in it makes a scenario, or the scenario that is
// made of it can be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/json.h"
#include "scenarios/authoring/har_reader.h"
#include "scenarios/authoring/import.h"
#include "scenarios/runner/loader.h"

namespace {

using namespace drydock;             // NOLINT(google-build-using-namespace)
using namespace drydock::scenarios;  // NOLINT(google-build-using-namespace)

// Its template folder is the one the fuzzer runs in.
constexpr std::string_view kLike = R"({"title": "t", "sources": ["s"],
  "start": "2026-05-28T06:00:00Z", "world": {"project": {"template": ".", "tag": "v1"}},
  "steps": [{"host-publish": {}}]})";

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kTextMax = 1 << 16;
  if (size > kTextMax) {
    return 0;
  }
  static const Scenario kScenario = *ParseScenario(kLike, "like.json");
  static const json::Value kDocument = *json::Parse(kLike, "like.json");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto capture = ReadHar(text, "fuzzed.har");
  if (!capture) {
    Require(capture.error().message().find('\n') == std::string::npos);
    return 0;
  }
  for (const CapturedExchange& exchange : capture->exchanges) {
    Require(exchange.body.size() <= kHarBodyBytesMax && !exchange.method.empty());
    Require(exchange.status != 0 || !exchange.lost.empty());
  }
  ImportOptions options;
  options.source = "fuzzed.har";
  options.like = &kScenario;
  options.like_document = &kDocument;
  options.repository = "owner/name";
  options.npm_host = "npm.test";
  const auto imported = ImportCapture(*capture, options);
  if (imported) {
    Require(imported->rules > 0 && imported->failures > 0);
    Require(ParseScenario(imported->text, "imported.json").ok());
  }
  return 0;
}
