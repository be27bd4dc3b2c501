#include <algorithm>

#include "core/text.h"
#include "publisher/release/course.h"

namespace drydock::publisher {
namespace {

constexpr std::string_view kBaseImageArgument = "BASE_IMAGE";
constexpr int kUnauthorized = 401;
constexpr std::size_t kCommitDigits = 12;  // of a commit, for people
constexpr std::string_view kSpread = "the regression has spread to image push: ";

// "names it now or may soon": a failure that reading back once more can mend.
Failure NotSeen(std::string words) {
  Failure failure = LocalFailure(
      std::move(words), "Run again with --resume in some minutes; it asks before it sends.");
  failure.answerer = Answerer::kRegistry;
  failure.persistence = Persistence::kTransient;
  failure.next = NextMove::kRetry;
  return failure;
}

bool IsRegistryTier(Answerer answerer) {
  return answerer == Answerer::kRegistry || answerer == Answerer::kRegistryTier ||
         answerer == Answerer::kEdge || answerer == Answerer::kProxy;
}

}  // namespace

Outcome<Ok> Pipeline::Course::Remember() {
  if (const Status saved = with.states.Save(state); !saved) {
    Failure failure = LocalFailure(saved.error().message(), "Mend that and run again.");
    failure.cancelled = saved.error().code() == ErrorCode::kCancelled;
    return failure;
  }
  return Ok{};
}

Outcome<Ok> Pipeline::Course::CheckRevision(const std::string& tag, const Digest& digest) {
  if (release.revision == RevisionRule::kIgnore || of_the_commit.count(digest) != 0) {
    return Ok{};
  }
  const auto revisions = registry.RevisionsOf(At(digest));
  if (!revisions) {
    return revisions.failure();
  }
  bool silent = false;
  for (const auto& revision : revisions.value()) {
    if (revision && !IsRevisionOf(*revision, tag_commit)) {
      return LocalFailure(
          Concat({tag, " (", digest.Short(), ") says that it is of commit ",
                  revision->substr(0, kCommitDigits), ", and ", options.release_tag, " is ",
                  tag_commit.substr(0, kCommitDigits), " (label ", kRevisionLabel, ")"}),
          "Find out who built it; publish this commit under the next letter.");
    }
    silent = silent || !revision;
  }
  if (silent && release.revision == RevisionRule::kRequire) {
    return LocalFailure(
        Concat({tag, " (", digest.Short(), ") has no label ", kRevisionLabel, ": of which commit ",
                "it is cannot be told"}),
        "Build it with that label, or say \"revision-label\": \"check\" in the release file.");
  }
  if (silent) {
    without_revision.insert(tag);
  }
  of_the_commit.insert(digest);
  return Ok{};
}

BuildRequest Pipeline::Course::RequestFor(
    const std::string& tag, const ImageSource& source,
    const std::map<std::string, std::string>& arguments) const {
  BuildRequest request;
  request.context = options.context;
  request.dockerfile = source.dockerfile;
  request.layout = source.layout;
  request.platforms = release.platforms;
  request.build_args = arguments;
  request.tags = {At(tag)};
  request.cache_from = options.cache_from;
  request.cache_to = options.cache_to;
  return request;
}

Outcome<StepEnd> Pipeline::Course::BuildBase() {
  if (in_place.count(base_tag) != 0) {
    LookForUnseen();
    return StepEnd{StepOutcome::kSkipped, Concat({base_tag, " is there already"})};
  }
  return Build(RequestFor(base_tag, release.base->source, release.base->build_args), base_tag);
}

// Worth knowing, and no reason to stop: what cannot be found out is not said. A base that an
// earlier run built of this commit has everything.
void Pipeline::Course::LookForUnseen() {
  const bool ask = local.unseen && state.published.count(base_tag) == 0;
  if (auto found = ask ? local.unseen() : BlindSpotReport()) {
    unseen = *std::move(found);
  }
}

Outcome<StepEnd> Pipeline::Course::BuildVariant(const VariantSpec& variant) {
  const std::string tag = VersionTag(variant);
  if (in_place.count(tag) != 0) {
    return StepEnd{StepOutcome::kSkipped, Concat({tag, " is there already"})};
  }
  std::map<std::string, std::string> arguments = variant.build_args;
  for (const std::string& argument : variant.versions) {
    arguments[argument] = state.versions[argument];
  }
  if (release.base) {
    // buildah guesses no registry for a short name.
    arguments[std::string(kBaseImageArgument)] = release.builder == BuilderKind::kBuildah
                                                     ? At(base_tag).Qualified()
                                                     : At(base_tag).ToString();
  }
  if (!options.plan) {
    state.begun.insert(tag);
    state.published.erase(tag);
  }
  BuildRequest request = RequestFor(tag, variant.source, arguments);
  if (release.revision != RevisionRule::kIgnore) {
    request.labels[std::string(kRevisionLabel)] = tag_commit;
  }
  return Build(request, tag);
}

Outcome<StepEnd> Pipeline::Course::Build(const BuildRequest& request, const std::string& tag) {
  if (options.plan) {
    return StepEnd{StepOutcome::kNotReached, Concat({"would build and push ", At(tag).ToString(),
                                                     " for ", Join(release.platforms, ", ")})};
  }
  // Before the builder starts, so that a run killed in the middle of a push is remembered.
  if (auto saved = Remember(); !saved.ok()) {
    return saved.failure();
  }
  attempted.insert(tag);
  auto pushed = BuildWithRetry(request, tag);
  std::string without_cache;
  if (!pushed.ok() && pushed.failure().cache_export && !pushed.failure().cancelled) {
    // The cache is not the release: an image that is up and whole is published without one.
    if (auto up = PushedAfterAll(tag); up.ok() && up.value()) {
      without_cache = Concat({"; its build cache was not exported: ", pushed.failure().ToString()});
      pushed = std::move(up);
    }
  }
  if (!pushed.ok()) {
    if (left_alone.count(tag) != 0 && unsettled.count(tag) == 0 && !pushed.failure().cancelled) {
      attempted.erase(tag);
    }
    return pushed.failure().cancelled ? pushed.failure()
                                      : ExplainBuildFailure(pushed.failure(), tag);
  }
  wrote = true;
  TagRecord& record = Record(tag);
  record.state = TagState::kPublished;
  record.digest = pushed.value() ? pushed.value()->ToString() : "";
  const auto seen = ReadBack(tag, pushed.value());
  if (!seen.ok()) {
    return seen.failure();
  }
  present.insert_or_assign(tag, seen.value());
  record.digest = seen.value().ToString();
  record.state = StateOf(tag);
  state.published[tag] = record.digest;
  if (auto saved = Remember(); !saved.ok()) {
    return saved.failure();
  }
  return StepEnd{StepOutcome::kRan, Concat({tag, " is ", seen.value().Short(), without_cache})};
}

// Gives the digest the builder reports, if it does.
Outcome<std::optional<Digest>> Pipeline::Course::BuildWithRetry(const BuildRequest& request,
                                                                const std::string& tag) {
  using Pushed = Outcome<std::optional<Digest>>;
  Pushed outcome = retrier.RunWithRetry(options.build_budget, Concat({"build of ", tag}),
                                        [&](int attempt) -> Pushed {
                                          if (attempt > 1) {
                                            Pushed earlier = PushedAfterAll(tag);
                                            if (!earlier.ok() || earlier.value()) {
                                              return earlier;
                                            }
                                          }
                                          return BuildOnce(request);
                                        });
  if (!outcome.ok() && MayGoAway(outcome.failure())) {
    Pushed last = PushedAfterAll(tag);
    if ((last.ok() && last.value()) || (!last.ok() && last.failure().cancelled)) {
      return last;
    }
  }
  return outcome;
}

Outcome<std::optional<Digest>> Pipeline::Course::BuildOnce(const BuildRequest& request) {
  const auto built = with.builder.Build(request);
  if (!built) {
    Failure failure = LocalFailure(built.error().message());
    failure.answerer = Answerer::kBuilder;
    failure.cancelled = built.error().code() == ErrorCode::kCancelled;
    return failure;
  }
  if (built->exit_code != 0) {
    report.build_log = built->log;
    if (built->failure) {
      // Such a builder knows whether its tag was left as it was.
      const std::string tag = request.tags.front().tag.value_or("");
      (built->failure->next == NextMove::kAsk ? unsettled : left_alone).insert(tag);
      return *built->failure;
    }
    Failure failure = ClassifyBuildLog(built->log, built->exit_code);
    if (failure.status == kUnauthorized && may_push && release.builder == BuilderKind::kBuildah) {
      // buildah asks for one token and does not renew it; the next push has one of its own.
      failure.persistence = Persistence::kTransient;
      failure.next = NextMove::kRetry;
      failure.words = Concat({"its token was good no more: ", failure.words});
      failure.advice.clear();
    }
    return failure;
  }
  report.build_log.clear();
  for (const Manifest& manifest : built->pushed) {
    registry.Know(manifest);
  }
  return built->digest;
}

Outcome<std::optional<Digest>> Pipeline::Course::PushedAfterAll(const std::string& tag) {
  using Pushed = Outcome<std::optional<Digest>>;
  const ProbeAnswer answer = registry.Probe(At(tag));
  if (const auto* unknown = std::get_if<Unknown>(&answer)) {
    // A build that the registry cannot be asked about is not repeated.
    return unknown->why;
  }
  const auto* exists = std::get_if<Exists>(&answer);
  if (exists == nullptr || exists->digest.ToString() == Record(tag).before) {
    return Pushed(std::nullopt);
  }
  const auto whole = IsComplete(exists->digest);
  if (!whole.ok()) {
    return whole.failure();
  }
  return whole.value() ? Pushed(exists->digest) : Pushed(std::nullopt);
}

Outcome<Digest> Pipeline::Course::ReadBack(const std::string& tag,
                                           const std::optional<Digest>& pushed) {
  const RetryBudget budget = RegistryClient::Options().read_back;
  return retrier.RunWithRetry(budget, Concat({"reading back ", tag}), [&](int) -> Outcome<Digest> {
    const ProbeAnswer answer = registry.Probe(At(tag));
    if (const auto* unknown = std::get_if<Unknown>(&answer)) {
      return unknown->why;
    }
    const auto* exists = std::get_if<Exists>(&answer);
    if (exists == nullptr) {
      return NotSeen(Concat({tag, " was accepted, but the registry does not show it"}));
    }
    if (pushed && exists->digest != *pushed) {
      return NotSeen(Concat({tag, " was pushed as ", pushed->ToString(), ", but the registry ",
                             "shows ", exists->digest.ToString()}));
    }
    const auto whole = IsComplete(exists->digest);
    if (!whole.ok()) {
      return whole.failure();
    }
    if (!whole.value()) {
      return LocalFailure(
          Concat({tag, " lacks a platform: expected ", Join(release.platforms, ", ")}),
          "Look at the builder: it says it built them all.");
    }
    return exists->digest;
  });
}

// What a failed build left behind, and what its failure means here.
Failure Pipeline::Course::ExplainBuildFailure(Failure failure, const std::string& tag) {
  const std::string before = Record(tag).before;
  if (auto looked = Look(tag); !looked.ok() && looked.failure().cancelled) {
    return looked.failure();
  }
  if (present.count(tag) != 0 && Record(tag).digest != before) {
    wrote = true;
    if (const auto whole = IsComplete(present.at(tag)); whole.ok()) {
      Record(tag).state = StateOf(tag);
    }
  }
  const bool is_variant = tag != base_tag;
  if (release.base && is_variant) {
    const ProbeAnswer base = registry.Probe(At(base_tag));
    if (std::holds_alternative<Missing>(base)) {
      present.erase(base_tag);
      Record(base_tag).state = TagState::kMissing;
      failure.words = Concat({At(base_tag).ToString(), " vanished between the probe and the build ",
                              "of ", tag, ", which is FROM it: ", failure.words});
      failure.advice = "Run again: the probe will find it missing and build it.";
      return failure;
    }
  }
  // A prebuilt image never had a cache export to blame.
  const bool image_push_itself = release.builder != BuilderKind::kLayout &&
                                 options.cache_to.empty() && (!is_variant || !release.base);
  if (image_push_itself && IsRegistryTier(failure.answerer) &&
      failure.persistence == Persistence::kDeterministic) {
    failure.words = Concat({kSpread, failure.words});
    failure.advice =
        "Stop here: it is no longer the cache export. Another host, network or account may help; "
        "file the record upstream.";
  }
  return failure;
}

bool Pipeline::Course::CopyEverywhere() {
  std::optional<Failure> first;
  std::string first_step;
  for (const ImageReference& also : release.also) {
    for (const VariantSpec& variant : release.variants) {
      const std::string name = Concat({"copy:", variant.name, "@", also.Name()});
      if (!Wants(variant) || Step(name, [&] { return CopyTo(also, variant); })) {
        continue;
      }
      if (report.failure->cancelled) {
        return false;
      }
      if (!first) {
        first = report.failure;
        first_step = failed_step;
      }
      break;  // the next registry may be better
    }
  }
  if (first) {
    report.failure = first;
    failed_step = first_step;
  }
  return !first;
}

Outcome<StepEnd> Pipeline::Course::CopyTo(const ImageReference& also, const VariantSpec& variant) {
  const std::string from = VersionTag(variant);
  const std::string to = TagIn(also, from);
  const auto source = present.find(from);
  if (source == present.end()) {
    return StepEnd{StepOutcome::kNotReached, Concat({"would push the new ", from, " as ", to})};
  }
  if (const auto there = present.find(to); there != present.end()) {
    if (there->second != source->second) {
      return LocalFailure(Concat({to, " names ", there->second.ToString(), ", and ", from, " is ",
                                  source->second.ToString()}),
                          "A version never names two images: publish the next letter.");
    }
    in_place.insert(to);
    return StepEnd{StepOutcome::kSkipped, Concat({to, " is there already"})};
  }
  BuildRequest request = RequestFor(to, variant.source, {});
  request.expected = source->second;
  return Build(request, to);
}

Outcome<Ok> Pipeline::Course::CheckWhole(const Digest& digest, const std::string& from,
                                         const std::string& alias) {
  const ImageReference image = At(digest, alias);
  auto& check =
      image_checks.try_emplace(image.Name(), registry, ImageCheck::Depth::kSizes).first->second;
  auto checked = check.Run(image);
  if (checked.ok() || checked.failure().cancelled) {
    return checked;
  }
  Failure failure = checked.failure();
  failure.words =
      Concat({alias, " was not moved: ", from, " cannot be pulled whole: ", failure.words});
  failure.advice = "Run again in some minutes; if it stays so, publish the next letter.";
  return failure;
}

Outcome<StepEnd> Pipeline::Course::MoveTag(const std::string& from, const std::string& alias) {
  const auto source = present.find(from);
  const auto there = present.find(alias);
  const std::string now = there == present.end() ? "nothing" : there->second.Short();
  if (options.plan && (source == present.end() || in_place.count(from) == 0)) {
    return StepEnd{StepOutcome::kNotReached,
                   Concat({"would move ", alias, " from ", now, " to the new ", from})};
  }
  const Digest digest = source->second;
  if (there != present.end() && there->second == digest) {
    return StepEnd{StepOutcome::kSkipped, Concat({alias, " names ", digest.Short(), " already"})};
  }
  if (options.plan) {
    return StepEnd{StepOutcome::kNotReached,
                   Concat({"would move ", alias, " from ", now, " to ", digest.Short()})};
  }
  auto checked = CheckWhole(digest, from, alias);
  if (checked.ok() && alias != kBaseLatest) {
    checked = CheckRevision(from, digest);
  }
  if (!checked.ok()) {
    return checked.failure();
  }
  attempted.insert(alias);
  TagRecord& record = Record(alias);
  const auto moved = registry.Promote(At(digest, alias), At(alias), record.before);
  if (!moved.ok()) {
    record.state = moved.failure().next == NextMove::kAsk ? TagState::kUnknown : record.state;
    return moved.failure();
  }
  present.insert_or_assign(alias, digest);
  record.digest = digest.ToString();
  const bool seen = moved.value().how != Promotion::How::kMovedNotSeen;
  record.state = seen ? StateOf(alias) : TagState::kPublished;
  wrote = wrote || moved.value().how != Promotion::How::kAlreadyThere;
  state.published[alias] = record.digest;
  if (auto saved = Remember(); !saved.ok()) {
    return saved.failure();
  }
  return StepEnd{StepOutcome::kRan, Concat({alias, " moved from ", now, " to ", digest.Short(),
                                            seen ? "" : "; reading back does not show it yet"})};
}

}  // namespace drydock::publisher
