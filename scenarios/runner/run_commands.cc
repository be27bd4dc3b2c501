#include "scenarios/runner/run_commands.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "core/clock.h"
#include "core/text.h"
#include "publisher/build/child_process.h"
#include "scenarios/runner/completeness.h"
#include "scenarios/runner/play_rules.h"
#include "scenarios/runner/premises.h"
#include "scenarios/runner/project.h"
#include "scenarios/runner/script/commands.h"
#include "scenarios/runner/shelf.h"
#include "scenarios/runner/temporary_folder.h"
#include "simulator/registry/personalities.h"
#include "simulator/server/registry_server.h"
#include "simulator/server/worlds.h"

namespace drydock::scenarios {
namespace {

using simulator::RegistryServer;
using simulator::ServedWorld;

constexpr std::string_view kPassword = "rehearsal";  // of the fake account; no real secret
constexpr int kTimedOut = 124;                       // as timeout(1) ends

bool WriteFile(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.flush();
  return static_cast<bool>(file);
}

// One Hub with what a program needs to publish to it.
class ServedPlay {
 public:
  ServedPlay(const Scenario& scenario, const Premises& premises, std::uint64_t seed, bool faults)
      : scenario_(scenario), premises_(premises), seed_(seed), faults_(faults) {}

  Result<Play> Run() {
    if (Status ready = Prepare(); !ready) {
      return ready.error();
    }
    Play play;
    const auto before = Tags();
    for (const Step& step : scenario_.steps) {
      if (Status played = PlayStep(step, play); !played) {
        return played.error().At(Concat({scenario_.file, ":", std::to_string(step.line)}));
      }
    }
    play.events = World().journal().Snapshot();
    play.faults = Counts();
    play.tags = Tags();
    if (faults_) {
      CheckInto(scenario_.expect,
                WholeOf(scenario_, play, before, premises_.release.image.repository), play);
      CheckFaultsFired(scenario_, play);
    } else {
      CheckPlay(scenario_, scenario_.twin, before, premises_.release.image.repository, play);
    }
    journal_ = "";
    for (const Event& event : play.events) {
      journal_ += ToJson(event) + "\n";
    }
    return play;
  }
  const std::string& journal() const { return journal_; }

 private:
  Status Prepare() {
    auto folder = TemporaryFolder::Make("drydock-run");
    auto project = Project::Make(scenario_.world.project);
    if (!folder || !project) {
      return folder ? project.error() : folder.error();
    }
    folder_.emplace(std::move(*folder));
    project_.emplace(std::move(*project));
    simulator::ServerOptions options;
    options.tls = scenario_.world.hub.tls;
    options.personality = simulator::DockerHubPersonality();
    options.accounts = {{premises_.Owner(), std::string(kPassword)}};
    options.seed = seed_;
    options.content = premises_.content;
    if (faults_) {
      options.faults = scenario_.faults;
    }
    auto server = RegistryServer::Start(std::move(options), clock_);
    if (!server) {
      return server.error();
    }
    server_ = std::move(*server);
    world_ = server_->worlds().All().front();
    return WriteLogins();
  }

  Status WriteLogins() {
    const std::string login = Base64(Concat({premises_.Owner(), ":", kPassword}));
    const bool written =
        WriteFile(folder_->path() + "/config.json",
                  Concat({R"({"auths":{")", Host(), R"(":{"auth":")", login, "\"}}}\n"})) &&
        (!scenario_.world.hub.tls || WriteFile(folder_->path() + "/ca.crt", server_->ca_pem()));
    return written ? Status(Ok{})
                   : Error(ErrorCode::kUnavailable, "run: the logins cannot be written");
  }

  ServedWorld& World() { return *world_; }
  std::string Host() const {
    const std::string url = server_->base_url();
    return url.substr(url.find("://") + 3);
  }

  std::vector<FaultReport> Counts() const {
    std::vector<FaultReport> reports;
    for (const simulator::RuleCount& count : server_->FaultCounts()) {
      reports.push_back({count.rule, count.offered, count.matched, count.fired, count.seen});
    }
    return reports;
  }

  std::map<std::string, std::string> Tags() {
    World().Settle();
    const simulator::Store store = World().Fork();
    std::map<std::string, std::string> tags;
    for (const std::string& repository : store.Repositories()) {
      for (const auto& [tag, digest] : store.Tags(repository)) {
        tags[Concat({repository, ":", tag})] = digest.ToString();
      }
    }
    return tags;
  }

  std::vector<std::string> Environment() const {
    std::vector<std::string> environment = {
        Concat({"DRYDOCK_REGISTRY=", Host()}),
        Concat({"DRYDOCK_IMAGE=", Host(), "/", premises_.release.image.repository}),
        Concat({"DRYDOCK_TAG=", scenario_.world.project.tag}),
        Concat({"DOCKER_CONFIG=", folder_->path()}),
        Concat({"REGISTRY_AUTH_FILE=", folder_->path(), "/config.json"})};
    if (scenario_.world.hub.tls) {
      environment.push_back(Concat({"DRYDOCK_CA_FILE=", folder_->path(), "/ca.crt"}));
      environment.push_back(Concat({"DRYDOCK_CERT_DIR=", folder_->path()}));
    }
    return environment;
  }

  Status PlayStep(const Step& step, Play& play) {
    StepResult result;
    result.name = step.name;
    result.line = step.line;
    result.began = clock_.Now();
    result.first_sequence = World().journal().size();
    const auto before = Tags();
    const auto counted = Counts();
    if (const auto* change = std::get_if<FaultSwitchStep>(&step.action)) {
      result.kind = "faults";
      result.reason = Concat({Join(change->rules, ", "), change->on ? " on" : " off"});
      for (const std::string& rule : change->rules) {
        World().faults().Switch(rule, change->on);
      }
    } else if (Status ran = Command(std::get<RunStep>(step.action), result); !ran) {
      return ran;
    }
    result.ended = clock_.Now();
    result.end_sequence = World().journal().size();
    Stretch stretch = StretchOf(result, before, counted);
    result.blob_bytes = BlobBytes(stretch.events);
    if (faults_) {
      CheckInto(step.expect, stretch, play);
    }
    play.steps.push_back(std::move(result));
    return Ok{};
  }

  Stretch StretchOf(const StepResult& step, const std::map<std::string, std::string>& before,
                    const std::vector<FaultReport>& counted) {
    Play so_far;
    so_far.events = World().journal().Snapshot(step.first_sequence);
    so_far.tags = Tags();
    so_far.faults = Counts();
    for (std::size_t rule = 0; rule < counted.size(); ++rule) {
      so_far.faults[rule].fired -= counted[rule].fired;
    }
    Stretch stretch = WholeOf(scenario_, so_far, before, premises_.release.image.repository);
    stretch.step = &step;
    return stretch;
  }

  // coreutils do what a shell would: a folder, an environment, a limit of time.
  Status Command(const RunStep& run, StepResult& result) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(run.timeout).count();
    std::vector<std::string> argv = {"env", "-C", project_->folder()};
    const std::vector<std::string> environment = Environment();
    argv.insert(argv.end(), environment.begin(), environment.end());
    argv.insert(argv.end(), {"timeout", "--kill-after=5", std::to_string(seconds)});
    argv.insert(argv.end(), run.command.begin(), run.command.end());
    const auto ended = publisher::RunChild(argv, [](std::string_view) {});
    if (!ended) {
      return ended.error();
    }
    result.kind = "run";
    result.exit_code = ended->exit_code;
    result.verdict = ended->exit_code == 0 ? "green" : "red";
    result.output = Concat({ended->output, ended->diagnostics});
    result.reason = ReasonOf(run, result);
    result.incomplete =
        WhatIsIncomplete(premises_.release, scenario_.world.project.tag,
                         premises_.base_hash.empty() ? "" : Concat({"base-", premises_.base_hash}),
                         premises_.project->folder(), World().Fork());
    result.untagged = CountUntagged(World().Fork(), premises_.release.image.repository);
    return Ok{};
  }

  static std::string ReasonOf(const RunStep& run, const StepResult& result) {
    if (result.exit_code == 0) {
      return Concat({run.command.front(), " ended with 0"});
    }
    if (result.exit_code == kTimedOut) {
      return Concat({run.command.front(), " was stopped after ", FormatDuration(run.timeout)});
    }
    const std::string error = script::LastErrorLine(result.output);
    return Concat({run.command.front(), " ended with ", std::to_string(result.exit_code),
                   error.empty() ? "" : ": ", error});
  }

  const Scenario& scenario_;
  const Premises& premises_;
  std::uint64_t seed_;
  bool faults_;
  SystemClock clock_;
  std::optional<TemporaryFolder> folder_;
  std::optional<Project> project_;
  std::unique_ptr<RegistryServer> server_;
  std::shared_ptr<ServedWorld> world_;
  std::string journal_;
};

}  // namespace

bool HasCommands(const Scenario& scenario) {
  return std::any_of(scenario.steps.begin(), scenario.steps.end(),
                     [](const Step& step) { return std::holds_alternative<RunStep>(step.action); });
}

Result<ScenarioResult> RunCommands(const Scenario& scenario, const RunOptions& options) {
  if (!options.allow_commands) {
    return Error(ErrorCode::kDenied,
                 Concat({scenario.file, ":", std::to_string(scenario.steps.front().line),
                         ": run: the file runs programs of this machine (--allow-run lets it)"}));
  }
  std::optional<Shelf> own;
  Shelf& shelf = options.shelf != nullptr ? *options.shelf : own.emplace();
  const auto premises = MakePremises(scenario, shelf);
  if (!premises) {
    return premises.error();
  }
  ScenarioResult result;
  result.file = scenario.file;
  result.title = scenario.title;
  result.about = scenario.about;
  result.sources = scenario.sources;
  result.seed = options.seed.value_or(scenario.seed);
  ServedPlay served(scenario, *premises, result.seed, true);
  auto played = served.Run();
  if (!played) {
    return played.error();
  }
  result.main = std::move(*played);
  if (options.journal) {
    result.journal = served.journal();
  }
  if (options.twin && !scenario.faults.empty()) {
    auto twin = ServedPlay(scenario, *premises, result.seed, false).Run();
    if (!twin) {
      return twin.error();
    }
    result.twin = std::move(*twin);
  }
  return result;
}

}  // namespace drydock::scenarios
