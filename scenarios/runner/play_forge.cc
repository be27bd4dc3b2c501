// What a play tells the git forge, and what a person asks it or another server.
#include <algorithm>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/player.h"

namespace drydock::scenarios {
namespace {

constexpr std::string_view kPersonAddress = "198.51.100.7";
constexpr std::size_t kAnswerMax = std::size_t{1} << 20;
constexpr std::uint64_t kJobsOfARun = 1000;  // ids of its jobs begin at a multiple of it
constexpr std::string_view kWorkflowFile = "docker-publish-split.yml";

// A part's outcome in the words of the forge.
std::string ConclusionOf(const std::string& outcome) {
  return outcome == "ran" ? "success" : outcome == "failed" ? "failure" : "skipped";
}

}  // namespace

void Player::RecordRun(const PublishStep& publish, const StepResult& result) {
  simulator::Forge* forge = stage_.forge();
  if (forge == nullptr || scenario_.world.forge->project.empty()) {
    return;
  }
  // "#332" is run 332; a rerun and what has no number get the next one.
  const std::string_view name = publish.run;
  const auto number =
      name.substr(0, 1) == "#" ? ParseUnsigned(name.substr(1)) : std::optional<std::uint64_t>();
  last_run_ = std::max(number.value_or(0), last_run_ + 1);
  simulator::ForgeRun run;
  run.id = last_run_;
  run.workflow = kWorkflowFile;
  run.ref = clone_->spec.tag;
  run.sha = clone_->commit;
  run.conclusion = result.verdict == "green" ? "success" : "failure";
  run.started = result.began;
  for (const PartResult& part : result.parts) {
    simulator::ForgeJob job;
    job.id = run.id * kJobsOfARun + run.jobs.size() + 1;
    job.name = part.part;
    job.conclusion = ConclusionOf(part.outcome);
    if (part.part == "base-decide" && part.outcome == "ran") {
      job.log = Concat({"Computed base tag: ", clone_->BaseTag(), "\n"});
    }
    job.log += part.detail.empty() ? "" : part.detail + "\n";
    run.jobs.push_back(std::move(job));
  }
  // Ids only grow, unless the file gave the forge runs of its own with higher ones: those stay.
  static_cast<void>(forge->AddRun(scenario_.world.forge->project, std::move(run)));
}

Status Player::Ask(const AskStep& ask, StepResult& result) {
  stage_.world().Spawn("host", [&] {
    const auto transport = stage_.Connect(std::string(kPersonAddress), "host");
    Request request;
    request.url = ask.url;
    if (scenario_.world.forge && ask.url.host == scenario_.world.forge->content.host &&
        !scenario_.world.forge->content.token.empty()) {
      request.headers.Add("Authorization",
                          Concat({"token ", scenario_.world.forge->content.token}));
    }
    Result<Response> response = transport->Send(std::move(request), kNoDeadline);
    if (!response) {
      result.reason = response.error().message();
      return;
    }
    result.reason = Concat({"GET ", ask.url.Target(), ": ", std::to_string(response->status)});
    Result<std::string> body = ReadAll(response->body, kAnswerMax);
    result.output = body ? *body : body.error().message();
  });
  return stage_.world().Run();
}

}  // namespace drydock::scenarios
