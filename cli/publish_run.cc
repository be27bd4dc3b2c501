#include "cli/publish_run.h"

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "cli/publish_view.h"
#include "cli/stop_signal.h"
#include "core/file.h"
#include "core/journal.h"
#include "core/rng.h"
#include "core/text.h"
#include "publisher/build/buildah_builder.h"
#include "publisher/build/buildx_builder.h"
#include "publisher/build/layout_builder.h"
#include "publisher/registry/http_transport.h"
#include "publisher/release/clone_hash.h"
#include "publisher/release/preflight.h"
#include "publisher/release/step_times.h"
#include "scenarios/runner/rehearsal.h"

namespace drydock::cli {
namespace {

using publisher::PipelineOptions;
using publisher::PublishReport;
using publisher::ReleaseFile;

// Below .git, apart for each image: what one release leaves, no other one finds.
std::string ImageFolder(const Result<publisher::RepositoryFacts>& facts,
                        const ReleaseFile& release) {
  const std::string image = ReplaceAll(ReplaceAll(release.image.Name(), "/", "_"), ":", "_");
  return Concat({facts ? facts->git_folder : std::string("."), "/drydock/", image});
}

std::unique_ptr<Transport> Connect(const PublishFlags& flags, Clock& clock,
                                   const PublishView& view) {
  return std::make_unique<StoppableTransport>(
      std::make_unique<publisher::HttpTransport>(
          clock, publisher::HttpTransport::Options{.ca_file = flags.ca_file}),
      view.sent());
}

// docker buildx or buildah, or the pusher for layouts that were built before.
std::unique_ptr<publisher::Builder> MakeBuilder(const PublishFlags& flags,
                                                const ReleaseFile& release,
                                                const PipelineOptions& options, Clock& clock,
                                                Journal& journal, publisher::RunJournal& run,
                                                PublishView& view) {
  const auto print = [&view](std::string_view piece) { view.ShowOutput(piece); };
  if (release.builder == publisher::BuilderKind::kBuildah) {
    const std::string& login = flags.docker_config;
    return std::make_unique<publisher::BuildahBuilder>(publisher::BuildahBuilder::Options{
        .program = std::string(kBuildah),
        .auth_file = login.empty() ? "" : Concat({login, "/config.json"}),
        .ca_file = flags.ca_file,
        .plain_http = options.plain_http,
        .on_output = print});
  }
  if (release.builder == publisher::BuilderKind::kBuildx) {
    return std::make_unique<publisher::BuildxBuilder>(publisher::BuildxBuilder::Options{
        .program = "docker", .builder = flags.builder, .on_output = print});
  }
  publisher::PushOptions push;
  push.credentials = options.credentials;
  push.plain_http = options.plain_http;
  push.on_event = [print](std::string_view line) { print(Concat({"   ", line, "\n"})); };
  push.on_wait = [&view](const WaitEvent& wait) { view.ShowWait(wait); };
  const Rng rng(static_cast<std::uint64_t>(clock.Now().time_since_epoch().count()));
  return std::make_unique<publisher::LayoutBuilder>(
      publisher::LayoutBuilder::Surroundings{
          clock, rng.Fork("layouts"), journal,
          publisher::ThreadLanes(publisher::kLanesUsual,
                                 [&flags, &clock, &view] { return Connect(flags, clock, view); }),
          run},
      std::move(push));
}

publisher::LocalFacts FactsOf(const PublishFlags& flags, const ReleaseFile& release,
                              const std::string& tag) {
  publisher::LocalFacts local;
  local.repository = [&flags, tag] { return publisher::ReadRepositoryFacts(flags.context, tag); };
  local.base_hash = [&flags, &release, tag] {
    return publisher::BaseHashOfClone(flags.context, tag, release.base->hash);
  };
  local.remote_tag = [&flags, tag] { return publisher::ReadRemoteTag(flags.context, tag); };
  local.has_file = [&flags](const std::string& file) {
    std::error_code error;
    return std::filesystem::exists(Concat({flags.context, "/", file}), error);
  };
  local.unseen = [&flags, &release, tag] {
    return publisher::FindUnseenChanges(flags.context, tag, release.base->hash);
  };
  local.free_bytes = [&flags] { return publisher::FreeBytes(flags.context); };
  return local;
}

PublishView::Form FormOf(const PublishFlags& flags) {
  return flags.json_lines ? PublishView::Form::kJsonLines
         : flags.json     ? PublishView::Form::kSilent
                          : PublishView::FormForPeople();
}

PublishReport Publish(const PublishFlags& flags, const ReleaseFile& release,
                      PipelineOptions options) {
  StoppableClock clock;
  Journal journal(clock);
  const Rng rng(static_cast<std::uint64_t>(clock.Now().time_since_epoch().count()));
  const std::string tag = options.release_tag;
  const std::string folder =
      ImageFolder(publisher::ReadRepositoryFacts(flags.context, tag), release);
  const std::string state_path = Concat({folder, "/", tag, ".json"});
  auto run = std::make_unique<publisher::RunJournal>(clock);
  if (release.builder == publisher::BuilderKind::kLayout && !options.plan) {
    if (auto opened = publisher::RunJournal::Open(clock, Concat({state_path, ".run.jsonl"}))) {
      run = std::move(*opened);
    } else {
      std::cerr << "drydock: note: uploads cannot be resumed: " << opened.error().message() << '\n';
    }
  }
  publisher::StepTimes times(folder + "/times.jsonl");
  PublishView view(
      {FormOf(flags), publisher::StepNames(release, options.latest_last), options.plan ? "" : tag},
      times, clock);
  options.on_check = [&view](const publisher::PreflightCheck& check) { view.ShowCheck(check); };
  options.on_step = [&view](const publisher::StepRecord& step) { view.ShowStep(step); };
  options.on_wait = [&view](const WaitEvent& wait) { view.ShowWait(wait); };
  const auto transport = Connect(flags, clock, view);
  const auto builder = MakeBuilder(flags, release, options, clock, journal, *run, view);
  publisher::FileRunStateStore states(state_path);
  publisher::Pipeline pipeline({*transport, *builder, clock, rng, journal, states}, release,
                               std::move(options));
  return pipeline.Run(FactsOf(flags, release, tag));
}

// The same release against a fake Hub. True when it would go through.
bool Rehearse(const PublishFlags& flags, const ReleaseFile& release, const PipelineOptions& options,
              std::ostream& out, int& exit_code) {
  StoppableClock clock;
  publisher::HttpTransport outside(clock, {.ca_file = flags.ca_file});
  const auto report = scenarios::Rehearse(
      {release, options, FactsOf(flags, release, options.release_tag)}, outside, clock);
  if (!report) {
    std::cerr << "drydock: the rehearsal cannot be held: " << report.error().message() << '\n';
    exit_code = publisher::ExitCode(publisher::Verdict::kNothingChanged);
    return false;
  }
  exit_code = publisher::ExitCode(*report);
  const bool good = report->verdict == publisher::Verdict::kPublishedVerified;
  out << "rehearsed against a fake Hub: " << Name(report->verdict) << " - " << report->why << '\n';
  if (!good) {
    out << EndingText(*report) << "nothing was sent to " << release.image.registry << '\n';
  }
  return good;
}

// This process's command line, for the next one.
std::string CommandToResume() {
  const auto line = ReadWholeFile("/proc/self/cmdline");
  std::vector<std::string> words = line ? Split(*line, '\0') : std::vector<std::string>();
  if (words.size() < 2) {
    return "drydock publish RELEASE --resume";
  }
  words.pop_back();  // what follows the last NUL
  words.front() = "drydock";
  bool resumes = false;
  for (std::string& word : words) {
    resumes = resumes || word == "--resume";
    if (word.find_first_of(" '\"$\\*?;&|<>()") != std::string::npos || word.empty()) {
      word = Concat({"'", ReplaceAll(word, "'", R"('\'')"), "'"});
    }
  }
  return Concat({Join(words, " "), resumes ? "" : " --resume"});
}

void PrintReport(const PublishFlags& flags, const PublishReport& report) {
  if (flags.json_lines) {
    nlohmann::ordered_json line;
    line["event"] = "report";
    line["report"] = nlohmann::ordered_json::parse(publisher::ToJson(report), nullptr, false);
    std::cout << line.dump() << '\n';
  } else {
    std::cout << (flags.json ? publisher::ToJson(report) : publisher::EndingText(report));
  }
}

}  // namespace

int RunPublish(const PublishFlags& flags, const ReleaseFile& release, PipelineOptions options) {
  const StopSignal stop;
  const bool people = !flags.json && !flags.json_lines;
  if (flags.rehearse) {
    int exit_code = 0;
    if (!Rehearse(flags, release, options, people ? std::cout : std::cerr, exit_code)) {
      return exit_code;
    }
  }
  if (people) {
    std::cout << (flags.plan ? "plan for " : "publishing ") << release.image.Name() << ' '
              << options.release_tag << '\n';
  }
  const PublishReport report = Publish(flags, release, std::move(options));
  PrintReport(flags, report);
  if (people && StopSignal::Asked() && report.failure) {
    std::cout << "go on with: " << CommandToResume() << '\n';
  }
  return publisher::ExitCode(report);
}

}  // namespace drydock::cli
