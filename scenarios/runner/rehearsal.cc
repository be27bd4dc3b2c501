#include "scenarios/runner/rehearsal.h"

#include <optional>
#include <set>
#include <utility>

#include "core/text.h"
#include "publisher/build/layout_builder.h"
#include "publisher/registry/session.h"
#include "scenarios/runner/stage.h"
#include "scenarios/runner/upstream.h"
#include "scenarios/runner/workbench.h"
#include "simulator/registry/personalities.h"

namespace drydock::scenarios {
namespace {

constexpr std::string_view kAddress = "198.51.100.7";
constexpr std::string_view kHub = "docker.io";

// Requests to the fake Hub stay here; all others go outside, with what is left of their deadline.
class PartingTransport : public Transport {
 public:
  PartingTransport(Transport& inside, Clock& inside_clock, Transport& outside, Clock& outside_clock,
                   const std::set<std::string, std::less<>>& others)
      : inside_(inside),
        inside_clock_(inside_clock),
        outside_(outside),
        outside_clock_(outside_clock),
        hub_{std::string(Stage::registry_host()), "auth.docker.io",
             simulator::DockerHubPersonality().cdn->host} {
    hub_.insert(others.begin(), others.end());
  }

  Result<Response> Send(Request request, Deadline deadline) override {
    if (hub_.count(request.url.host) != 0) {
      return inside_.Send(std::move(request), deadline);
    }
    const Deadline left = deadline == kNoDeadline
                              ? kNoDeadline
                              : outside_clock_.Elapsed() + (deadline - inside_clock_.Elapsed());
    return outside_.Send(std::move(request), left);
  }

 private:
  Transport& inside_;
  Clock& inside_clock_;
  Transport& outside_;
  Clock& outside_clock_;
  std::set<std::string> hub_;
};

// The same repository at the fake Hub, whose repositories have two names.
void MoveToHub(publisher::ReleaseFile& release) {
  const auto names = Split(release.image.repository, '/');
  release.image.registry = kHub;
  if (names.size() != 2 || names.front() == "library") {
    release.image.repository = Concat({"rehearsal/", names.back()});
  }
  std::erase_if(release.also,
                [&](const ImageReference& also) { return also.Name() == release.image.Name(); });
}

StageSpec HubFor(const publisher::ReleaseFile& release, const simulator::Store& content,
                 TimePoint now) {
  StageSpec spec;
  spec.start = now;
  spec.owner = release.image.repository.substr(0, release.image.repository.find('/'));
  spec.also = release.also;
  spec.content = &content;
  return spec;
}

publisher::Lanes LanesOf(Stage& stage) {
  publisher::Lanes lanes;
  lanes.count = publisher::kLanesUsual;
  lanes.connect = [&stage] {
    return stage.internet().Connect(stage.world(), std::string(kAddress), "host");
  };
  lanes.run_together = [&stage](std::vector<publisher::Lanes::Task> tasks) {
    std::vector<simulator::World::Task> named;
    named.reserve(tasks.size());
    for (publisher::Lanes::Task& task : tasks) {
      named.emplace_back(Concat({"lane ", std::to_string(named.size() + 1)}), std::move(task));
    }
    stage.world().RunTogether(std::move(named));
  };
  return lanes;
}

}  // namespace

Result<publisher::PublishReport> Rehearse(Rehearsal rehearsal, Transport& outside,
                                          Clock& outside_clock) {
  publisher::ReleaseFile& release = rehearsal.release;
  publisher::PipelineOptions& options = rehearsal.options;
  MoveToHub(release);
  simulator::Store content;
  for (const std::string& image : UpstreamImages(Dockerfiles(options.context, release))) {
    PutUpstreamImage(content, image, release.platforms);
  }
  Stage stage(HubFor(release, content, outside_clock.Now()));
  if (const Status furnished = stage.Furnish(); !furnished) {
    return furnished.error();
  }
  options.credentials = stage.credentials();
  options.plain_http.clear();
  options.resume = false;
  // The model of buildx runs no RUN line, so no npm is asked from inside a build.
  publisher::ReleaseFile built = release;
  built.versions.clear();
  KillSwitch never(stage);
  Workbench bench(stage, never, built, BuilderSpec(), "host", std::string(kAddress), "host");
  WorkbenchBuilder workbench(bench, BuildTimes(), "");
  publisher::RunJournal run(stage.clock());
  publisher::PushOptions push;
  push.credentials = stage.credentials();
  publisher::LayoutBuilder layouts(
      {stage.clock(), stage.world().Fork("layouts"), stage.journal(), LanesOf(stage), run},
      std::move(push));
  publisher::Builder& builder = release.builder == publisher::BuilderKind::kLayout
                                    ? static_cast<publisher::Builder&>(layouts)
                                    : workbench;
  PartingTransport transport(bench.transport(), stage.clock(), outside, outside_clock,
                             stage.other_hosts());
  publisher::MemoryRunStateStore states;
  std::optional<publisher::PublishReport> report;
  stage.world().Spawn("rehearsal", [&] {
    publisher::Pipeline pipeline(
        {transport, builder, stage.clock(), stage.world().Fork("publish"), stage.journal(), states},
        release, options);
    report = pipeline.Run(rehearsal.local);
  });
  if (const Status ran = stage.world().Run(); !ran) {
    return ran.error();
  }
  return std::move(*report);
}

}  // namespace drydock::scenarios
