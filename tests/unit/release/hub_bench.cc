#include "tests/unit/release/hub_bench.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/registry/personalities.h"

namespace drydock::publisher {
namespace {

using simulator::StoredManifest;

const TimePoint kStart = *ParseRfc3339("2026-05-28T06:00:00Z");
constexpr std::string_view kSecret = "the token secret of this test";

std::vector<simulator::FaultRule> RulesFrom(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  auto rules = simulator::ParseFaultFile(text, "faults");
  EXPECT_TRUE(rules) << (rules ? "" : rules.error().message());
  return rules ? *rules : std::vector<simulator::FaultRule>();
}

// Every Send is a point at which the run can be killed.
class SwitchedTransport : public Transport {
 public:
  SwitchedTransport(Transport& real, Bench& bench) : real_(real), bench_(bench) {}
  Result<Response> Send(Request request, Deadline deadline) override {
    std::optional<Result<Response>> answer;
    const std::size_t slash = request.url.path.rfind('/');
    const std::string tag =
        request.method == "PUT" ? request.url.path.substr(slash + 1) : std::string();
    const bool alive = bench_.kill.Point([&] {
      const std::string before = bench_.DigestOf(tag);
      answer.emplace(real_.Send(std::move(request), deadline));
      if (!before.empty() && before == bench_.DigestOf(tag) && answer->ok() &&
          (*answer)->status == 201) {
        bench_.resent.push_back(tag);
      }
      if (bench_.on_change) {
        bench_.on_change();
      }
    });
    return alive ? std::move(*answer) : Error(ErrorCode::kCancelled, "killed");
  }

 private:
  Transport& real_;
  Bench& bench_;
};

class SwitchedClock : public Clock {
 public:
  SwitchedClock(Clock& real, Bench& bench) : real_(real), bench_(bench) {}
  TimePoint Now() override { return real_.Now(); }
  Duration Elapsed() override { return real_.Elapsed(); }
  Status SleepFor(Duration span) override {
    Status slept = Ok{};
    const bool alive = bench_.kill.Point([&] { slept = real_.SleepFor(span); });
    return alive ? slept : Error(ErrorCode::kCancelled, "killed");
  }

 private:
  Clock& real_;
  Bench& bench_;
};

class SwitchedStates : public RunStateStore {
 public:
  explicit SwitchedStates(Bench& bench) : bench_(bench) {}
  Result<std::optional<RunState>> Load() override { return bench_.states->Load(); }
  Status Save(const RunState& state) override {
    Status saved = Ok{};
    const bool alive = bench_.kill.Point([&] { saved = bench_.states->Save(state); });
    return alive ? saved : Error(ErrorCode::kCancelled, "killed");
  }
  std::string Describe() const override { return "the bench"; }

 private:
  Bench& bench_;
};

}  // namespace

bool KillSwitch::Point(const std::function<void()>& effect) {
  if (dead) {
    ++after_death;
    return false;
  }
  const bool here = ++points == kill_at;
  if (!here || after) {
    effect();
  }
  dead = here;
  return !here;
}

Result<std::string> FakeBuilder::CheckReady(const std::vector<std::string>& /*platforms*/) {
  if (!ready) {
    return Error(ErrorCode::kUnavailable, "fake builder: install it");
  }
  return Describe();
}

Result<BuildOutcome> FakeBuilder::Build(const BuildRequest& request) {
  requests.push_back(request);
  const std::string tag = *request.tags.front().tag;
  if (bench_.HasWhole(tag)) {
    wasted.push_back(tag);
  }
  BuildScript script;
  if (!scripts[tag].empty()) {
    script = scripts[tag].front();
    scripts[tag].pop_front();
  }
  if (!bench_.kill.Point([&] {
        if (script.first) {
          script.first();
        }
      })) {
    return Error(ErrorCode::kCancelled, "killed");
  }
  const auto from = request.build_args.find("BASE_IMAGE");
  if (from != request.build_args.end()) {
    const auto base = ImageReference::Parse(from->second);
    if (!base || !bench_.registry.store().FindTag(kRepository, base->tag.value_or(""))) {
      return BuildOutcome{1,
                          Concat({"ERROR: failed to solve: ", from->second,
                                  ": failed to resolve source metadata for docker.io/",
                                  from->second, ": docker.io/", from->second, ": not found\n"}),
                          std::nullopt};
    }
  }
  BuildOutcome outcome;
  if (script.pushes) {
    std::optional<Digest> pushed;
    if (!bench_.kill.Point([&] { pushed = Push(request, script.platforms); })) {
      return Error(ErrorCode::kCancelled, "killed");
    }
    outcome.digest = pushed;
  }
  if (!script.error.empty()) {
    outcome = {1, script.error + "\n", std::nullopt};
    outcome.failure = script.failure;
  }
  return outcome;
}

Digest FakeBuilder::Push(const BuildRequest& request, const std::vector<std::string>& platforms) {
  const auto label = request.labels.find(std::string(kRevisionLabel));
  Digest digest = bench_.PutImage(*request.tags.front().tag, platforms,
                                  Concat({"build ", std::to_string(++builds_)}),
                                  label == request.labels.end() ? "" : label->second);
  if (bench_.on_change) {
    bench_.on_change();
  }
  return digest;
}

Bench::Bench(const std::string& release_text, std::string_view faults)
    : states(std::make_unique<MemoryRunStateStore>()),
      world(1, kStart),
      journal(world.clock()),
      faults_(RulesFrom(faults), 1),
      internet_(world.clock(), journal, faults_),
      registry("registry-1.docker.io", simulator::DockerHubPersonality(), world.clock(),
               world.Fork("hub"), journal, std::string(kSecret)),
      npm(world.clock()),
      builder(*this),
      tokens_({.rule = *simulator::DockerHubPersonality().tokens,
               .secret = std::string(kSecret),
               .accounts = {{"joakimp", "password"}},
               .private_repositories = {}},
              registry.store(), world.clock(), world.Fork("tokens")),
      cdn_(registry.store(), world.clock(), std::string(kSecret)) {
  internet_.Attach("registry-1.docker.io", registry);
  internet_.Attach("auth.docker.io", tokens_);
  internet_.Attach(registry.personality().cdn->host, cdn_);
  internet_.Attach("npm.example", npm);
  auto parsed = ParseReleaseFile(release_text, "release.json");
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message());
  release = std::move(*parsed);
  repository.tag_commit = std::string(40, 'a');
  repository.head_commit = repository.tag_commit;
}

PublishReport Bench::Run(PipelineOptions options) {
  if (options.release_tag.empty()) {
    options.release_tag = "v1.15.12";
  }
  options.credentials["docker.io"] = {"joakimp", "password"};
  const auto real = internet_.Connect(world, "203.0.113.7", "host");
  SwitchedTransport transport(*real, *this);
  SwitchedClock clock(world.clock(), *this);
  SwitchedStates saved(*this);
  Pipeline pipeline({transport, builder, clock, world.Fork("publisher"), journal, saved}, release,
                    std::move(options));
  LocalFacts facts{[this]() -> Result<RepositoryFacts> { return repository; },
                   [this]() -> Result<std::string> { return base_hash; }};
  facts.unseen = unseen;
  return pipeline.Run(facts);
}

Digest Bench::PutImage(const std::string& tag, const std::vector<std::string>& platforms,
                       std::string_view content, std::string_view revision) {
  simulator::Store& store = registry.store();
  const std::string labels =
      revision.empty() ? "null" : Concat({"{\"", kRevisionLabel, "\":\"", revision, "\"}"});
  std::vector<std::string> children;
  for (const std::string& platform : platforms) {
    const auto parts = Split(platform, '/');
    const std::string layer = Concat({"layer of ", tag, " ", platform, " ", content});
    const std::string config =
        Concat({R"({"os":")", parts[0], R"(","architecture":")", parts[1], R"(","note":")", content,
                R"(","config":{"Labels":)", labels, "}}"});
    const Digest layer_digest = store.PutBlob(kRepository, layer);
    const Digest config_digest = store.PutBlob(kRepository, config);
    const std::string manifest =
        Concat({R"({"schemaVersion":2,"mediaType":")", media_type::kOciManifest,
                R"(","config":{"mediaType":")", media_type::kOciConfig, R"(","digest":")",
                config_digest.ToString(), R"(","size":)", std::to_string(config.size()),
                R"(},"layers":[{"mediaType":")", media_type::kOciLayerGzip, R"(","digest":")",
                layer_digest.ToString(), R"(","size":)", std::to_string(layer.size()), "}]}"});
    const Digest digest = store.PutManifest(kRepository, media_type::kOciManifest, manifest);
    children.push_back(
        Concat({R"({"mediaType":")", media_type::kOciManifest, R"(","digest":")", digest.ToString(),
                R"(","size":)", std::to_string(manifest.size()), R"(,"platform":{"os":")", parts[0],
                R"(","architecture":")", parts[1], R"("}})"}));
  }
  Digest index =
      store.PutManifest(kRepository, media_type::kOciIndex,
                        Concat({R"({"schemaVersion":2,"mediaType":")", media_type::kOciIndex,
                                R"(","manifests":[)", Join(children, ","), "]}"}));
  store.SetTag(kRepository, tag, index);
  return index;
}

std::map<std::string, std::string> Bench::Tags() const {
  std::map<std::string, std::string> tags;
  for (const auto& [tag, digest] : registry.store().Tags(kRepository)) {
    tags[tag] = digest.ToString();
  }
  return tags;
}

std::string Bench::DigestOf(std::string_view tag) const {
  const auto digest = registry.store().FindTag(kRepository, tag);
  return digest ? digest->ToString() : "";
}

bool Bench::HasWhole(std::string_view tag) const {
  const auto digest = registry.store().FindTag(kRepository, tag);
  const StoredManifest* index =
      digest ? registry.store().FindManifest(kRepository, *digest) : nullptr;
  return index != nullptr && index->manifests.size() >= release.platforms.size();
}

std::vector<std::string> Bench::UnreadableTags() const {
  const simulator::Store& store = registry.store();
  const auto readable = [&store](const Digest& digest) {
    const StoredManifest* index = store.FindManifest(kRepository, digest);
    return index != nullptr &&
           std::all_of(index->manifests.begin(), index->manifests.end(), [&](const Digest& child) {
             const StoredManifest* manifest = store.FindManifest(kRepository, child);
             if (manifest == nullptr) {
               return false;
             }
             const auto parsed = json::Parse(*manifest->bytes, "manifest");
             return parsed &&
                    store.FindBlob(kRepository,
                                   *Digest::Parse(parsed->At("/config")->Text("digest"))) &&
                    store.FindBlob(kRepository,
                                   *Digest::Parse(parsed->At("/layers/0")->Text("digest")));
           });
  };
  std::vector<std::string> tags;
  for (const auto& [tag, digest] : store.Tags(kRepository)) {
    if (!readable(digest)) {
      tags.push_back(tag);
    }
  }
  return tags;
}

void Bench::ExpectPublished() const {
  const std::string base_tag = Concat({"base-", base_hash});
  for (const std::string& tag : ExpectedTags(release, "v1.15.12", base_tag)) {
    EXPECT_TRUE(HasWhole(tag)) << tag;
  }
  if (release.base) {
    EXPECT_EQ(DigestOf("base-latest"), DigestOf(base_tag));
  }
  for (const VariantSpec& variant : release.variants) {
    EXPECT_EQ(DigestOf("latest" + variant.suffix), DigestOf("v1.15.12" + variant.suffix));
  }
}

std::map<std::string, int> Bench::ManifestPuts() const {
  std::map<std::string, int> puts;
  for (const Event& event : journal.Snapshot()) {
    const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
    if (exchange != nullptr && exchange->method == "PUT" && exchange->status != 401) {
      ++puts[exchange->reference];
    }
  }
  return puts;
}

std::vector<Duration> Bench::Waits() const {
  std::vector<Duration> waits;
  for (const Event& event : journal.Snapshot()) {
    if (const auto* wait = std::get_if<WaitEvent>(&event.payload)) {
      waits.push_back(wait->span);
    }
  }
  return waits;
}

bool IsFaultFile(const std::string& text) { return simulator::ParseFaultFile(text, "faults").ok(); }

std::string SplitRelease() {
  return R"({
    "image": "joakimp/opencode-devbox",
    "platforms": ["linux/amd64", "linux/arm64"],
    "npm-registry": "https://npm.example",
    "base": {
      "dockerfile": "Dockerfile.base", "build-args": { "GO": "1.26" },
      "hash": { "dockerfile": "Dockerfile.base", "tree": "rootfs", "entrypoints": [] }
    },
    "versions": [ { "argument": "OMOS_VERSION", "package": "oh-my-opencode-slim" } ],
    "variants": [
      { "name": "base", "dockerfile": "Dockerfile.variant",
        "build-args": { "INSTALL_OPENCODE": "true" } },
      { "name": "omos", "suffix": "-omos", "dockerfile": "Dockerfile.variant",
        "versions": ["OMOS_VERSION"] },
      { "name": "with-pi", "suffix": "-with-pi", "dockerfile": "Dockerfile.variant" }
    ]
  })";
}

std::string OneImageRelease() {
  return R"({
    "image": "joakimp/opencode-devbox", "platforms": ["linux/amd64", "linux/arm64"],
    "variants": [ { "name": "pi", "dockerfile": "Dockerfile" } ]
  })";
}

const StepRecord& StepOf(const PublishReport& report, std::string_view name) {
  static const StepRecord kNone{"there is no such step", StepOutcome::kNotReached, "", {}};
  const auto found = std::find_if(report.steps.begin(), report.steps.end(),
                                  [&](const StepRecord& step) { return step.name == name; });
  return found == report.steps.end() ? kNone : *found;
}

const TagRecord& TagOf(const PublishReport& report, std::string_view tag) {
  static const TagRecord kNone{"there is no such tag", TagState::kUnknown, "", ""};
  const auto found = std::find_if(report.tags.begin(), report.tags.end(),
                                  [&](const TagRecord& record) { return record.tag == tag; });
  return found == report.tags.end() ? kNone : *found;
}

}  // namespace drydock::publisher
