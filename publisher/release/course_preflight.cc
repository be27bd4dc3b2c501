// The preflight of a run: the machine first, and only when that is in order, the registry.
#include <algorithm>

#include "core/text.h"
#include "publisher/release/course.h"
#include "publisher/release/version_text.h"

namespace drydock::publisher {
namespace {

const PreflightCheck* FirstFailed(const std::vector<PreflightCheck>& checks) {
  const auto found = std::find_if(checks.begin(), checks.end(), [](const PreflightCheck& check) {
    return check.result == CheckResult::kFailed;
  });
  return found == checks.end() ? nullptr : &*found;
}

Failure FromCheck(const PreflightCheck& check) {
  return LocalFailure(
      Concat({check.found, check.remedy.empty() ? "" : Concat({"; ", check.remedy})}));
}

}  // namespace

Outcome<StepEnd> Pipeline::Course::Preflight() {
  if (auto asked = CheckWhatIsAsked(); !asked.ok()) {
    return asked.failure();
  }
  const auto repository = local.repository();
  if (!repository) {
    return FailureOf(repository.error());
  }
  tag_commit = repository->tag_commit;
  CheckMachine(*repository);
  if (const PreflightCheck* failed = FirstFailed(report.checks)) {
    return FromCheck(*failed);
  }
  if (auto recall = RecallState(*repository); !recall.ok()) {
    return recall.failure();
  }
  // From here on a run that is killed can be resumed, whatever it came to.
  if (!options.plan) {
    if (auto saved = Remember(); !saved.ok()) {
      return saved.failure();
    }
  }
  if (auto greeted = CheckRegistry(release.image); !greeted.ok()) {
    return greeted.failure();
  }
  for (const ImageReference& also : release.also) {
    if (auto greeted = CheckRegistry(also); !greeted.ok()) {
      return greeted.failure();
    }
  }
  std::vector<std::string> warnings;
  for (const PreflightCheck& check : report.checks) {
    if (check.result == CheckResult::kWarned) {
      warnings.push_back(Concat({check.name, ": ", check.found}));
    }
  }
  return StepEnd{StepOutcome::kRan,
                 Concat({options.release_tag, " is HEAD (", repository->head_commit.substr(0, 12),
                         "), the tree is clean, ", release.image.registry, " answers",
                         recalled ? "; an earlier run left its state" : "",
                         warnings.empty() ? "" : Concat({"; but ", Join(warnings, "; ")})})};
}

void Pipeline::Course::Note(PreflightCheck check) {
  if (options.on_check) {
    options.on_check(check);
  }
  report.checks.push_back(std::move(check));
}

Outcome<Ok> Pipeline::Course::CheckWhatIsAsked() const {
  if (const Status tag = CheckReleaseTag(options.release_tag); !tag) {
    return FailureOf(tag.error());
  }
  if (!release.also.empty() && release.builder != BuilderKind::kLayout) {
    return LocalFailure(
        Concat({release.source, ": \"also\" needs prebuilt layouts, and the builder ", "is ",
                Name(release.builder)}));
  }
  if (!options.only.empty() && release.FindVariant(options.only) == nullptr) {
    std::vector<std::string> names;
    for (const VariantSpec& variant : release.variants) {
      names.push_back(variant.name);
    }
    return LocalFailure(
        Concat({"no variant is called \"", options.only, "\"; there are: ", Join(names, ", ")}));
  }
  return Ok{};
}

void Pipeline::Course::CheckMachine(const RepositoryFacts& repository) {
  for (PreflightCheck& check : CheckRepository(repository, options.release_tag,
                                               release.base ? &release.base->hash : nullptr)) {
    Note(std::move(check));
  }
  if (local.remote_tag && !repository.tag_commit.empty()) {
    Note(CheckRemoteTag(local.remote_tag(), repository, options.release_tag));
  }
  const auto ready = with.builder.CheckReady(release.platforms);
  PreflightCheck builder{"builder", CheckResult::kPassed, ready ? *ready : ""};
  if (!ready) {
    // Whether it is needed shows when the registry has told what is there.
    builder = {"builder", CheckResult::kWarned, ready.error().message(),
               "only needed when something must be built"};
  }
  Note(std::move(builder));
  if (local.free_bytes) {
    const bool builds = release.builder != BuilderKind::kLayout;
    Note(CheckDisk(local.free_bytes(), builds));
  }
}

Outcome<Ok> Pipeline::Course::CheckRegistry(const ImageReference& image) {
  const auto greeted = registry.Greet(image);
  const std::string& name = image.registry;
  if (!greeted) {
    const Failure& why = greeted.failure();
    const bool login = why.answerer == Answerer::kTokenService || why.status == 401;
    if (login) {
      Note({"registry", CheckResult::kPassed, Concat({name, " answers"})});
    }
    Note({login ? "credentials" : "registry", CheckResult::kFailed, Explain(why), why.advice});
    return why;
  }
  Note({"registry", CheckResult::kPassed, Concat({name, " answers"})});
  Note(CheckClock(greeted->date, with.clock.Now()));
  PreflightCheck login{"credentials", CheckResult::kPassed, ""};
  switch (greeted->push) {
    case PushRight::kOpen:
      login.found = Concat({name, " asks for no login"});
      break;
    case PushRight::kGranted:
      may_push = true;
      login.found = Concat({"the token service lets this login push to ", image.repository});
      break;
    case PushRight::kUntold:
      login.found = "accepted; whether it may push shows at the first push";
      break;
    case PushRight::kRefused: {
      const bool none = options.credentials.count(name) == 0;
      login.result = options.plan ? CheckResult::kWarned : CheckResult::kFailed;
      login.found =
          none ? Concat({"no login for ", name, ": it may not push"})
               : Concat({"the token service does not let this login push to ", image.repository});
      login.remedy = Concat({"run: docker login", name == "docker.io" ? "" : Concat({" ", name}),
                             ", with an access token that may read and write"});
      break;
    }
  }
  Note(login);
  if (login.result != CheckResult::kFailed) {
    return Ok{};
  }
  Failure failure = LocalFailure(login.found, Concat({login.remedy, "."}));
  failure.answerer = Answerer::kTokenService;
  return failure;
}

}  // namespace drydock::publisher
