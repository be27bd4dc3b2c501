#include "bench/handled.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/rng.h"
#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/registry/personalities.h"
#include "simulator/storage/seed.h"

namespace drydock::bench {
namespace {

using simulator::FaultRule;

constexpr std::string_view kHost = "registry.test";
constexpr std::size_t kEventsKept = 10'000;  // as many as a served world keeps

std::string RuleText(Miss miss, std::size_t number) {
  const std::string ordinal = std::to_string(number);
  std::string what;
  switch (miss) {
    case Miss::kOperation:
      what = R"("when": {"operation": "upload.commit"}, "do": {"reply": {"status": 503}})";
      break;
    case Miss::kRepository:
      what = Concat({R"("when": {"operation": "manifest.get", "repository": "team/other-)", ordinal,
                     R"("}, "do": {"reply": {"status": 503}})"});
      break;
    case Miss::kReference:
      what = Concat({R"("when": {"operation": "manifest.get", "reference": "other-)", ordinal,
                     R"("}, "do": {"reply": {"status": 503}})"});
      break;
    case Miss::kPosition:
      what = Concat({R"("when": {"operation": "blob.get"}, "do": {"cut": "rst", )"
                     R"("at": "response-body", "after-bytes": )",
                     ordinal, "}"});
      break;
  }
  return Concat({R"({"name": "rule )", ordinal, "\", ", what, "}"});
}

std::vector<FaultRule> Rules(std::size_t count, Miss miss) {
  std::vector<std::string> texts;
  for (std::size_t number = 0; number < count; ++number) {
    texts.push_back(RuleText(miss, number));
  }
  return simulator::ParseFaultFile(Concat({R"({"faults": [)", Join(texts, ", "), "]}"}), "bench")
      .value();
}

}  // namespace

std::string_view Name(Miss miss) {
  switch (miss) {
    case Miss::kOperation:
      return "other operation";
    case Miss::kRepository:
      return "other repository";
    case Miss::kReference:
      return "other reference";
    case Miss::kPosition:
      return "position of another operation";
  }
  return "";
}

Handled::Handled(std::size_t rules, Miss miss)
    : journal_(clock_),
      faults_(Rules(rules, miss), 1),
      registry_(std::string(kHost), simulator::AnonymousPersonality(), clock_, Rng(1), journal_),
      internet_(clock_, journal_, faults_) {
  internet_.Attach(std::string(kHost), registry_);
  simulator::Store& store = registry_.store();
  store.SetTag("team/app", "v1",
               PutGeneratedImage(store, "team/app", "v1", {.layers = {16, 16, 16}}, false));
}

Url Handled::Target(std::string_view path) {
  return Url::Parse(Concat({"https://", kHost, path})).value();
}

bool Handled::Ask(const std::string& method, const Url& url) {
  const auto exchange = registry_.Begin({method, url, {}, std::nullopt, {}});
  return !exchange->Decide() && exchange->Apply().status == 200;
}

bool Handled::Serve(const std::string& method, const Url& url) {
  Body body;
  const auto answer = internet_.Serve({method, url, {}, std::nullopt, {}}, body);
  journal_.DropBefore(journal_.size() - std::min<std::uint64_t>(journal_.size(), kEventsKept));
  return answer && answer->response.status == 200;
}

}  // namespace drydock::bench
