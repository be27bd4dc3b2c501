#include <algorithm>

#include "core/text.h"
#include "publisher/release/course.h"

namespace drydock::publisher {

std::vector<std::string> Pipeline::Course::TagsIn(std::initializer_list<TagState> states) const {
  std::vector<std::string> tags;
  for (const TagRecord& record : report.tags) {
    if (std::find(states.begin(), states.end(), record.state) != states.end()) {
      tags.push_back(record.tag);
    }
  }
  return tags;
}

Outcome<StepEnd> Pipeline::Course::Verify() {
  const bool work_left =
      std::any_of(report.steps.begin(), report.steps.end(), [](const StepRecord& step) {
        return step.outcome == StepOutcome::kNotReached && step.name != "verify";
      });
  if (options.plan && work_left) {
    return StepEnd{StepOutcome::kNotReached, "would read every tag back"};
  }
  const auto verified =
      retrier.RunWithRetry(options.request_budget, "verify", [&](int) { return VerifyTags(); });
  if (!verified.ok()) {
    return verified.failure();
  }
  std::string deeply;
  if (options.verify_deep) {
    const auto read = VerifyDeeply();
    if (!read.ok()) {
      return read.failure();
    }
    deeply = read.value();
  }
  const auto good = TagsIn({TagState::kVerified});
  return StepEnd{
      StepOutcome::kRan,
      Concat({std::to_string(good.size()), " of ", std::to_string(report.tags.size()),
              " tags read back right, each alias with its image", SilentTags(), deeply})};
}

std::string Pipeline::Course::SilentTags() const {
  if (without_revision.empty()) {
    return "";
  }
  return Concat({"; of which commit is not said by ",
                 Join({without_revision.begin(), without_revision.end()}, ", ")});
}

Outcome<std::string> Pipeline::Course::VerifyDeeply() {
  std::map<std::string, ImageCheck> checks;
  for (const TagRecord& record : report.tags) {
    const auto found = present.find(record.tag);
    if (found == present.end()) {
      continue;
    }
    const ImageReference image = At(found->second, record.tag);
    auto& deep =
        checks.try_emplace(image.Name(), registry, ImageCheck::Depth::kBytes).first->second;
    if (const auto checked = deep.Run(image); !checked.ok()) {
      Failure failure = checked.failure();
      failure.words = Concat({record.tag, ": ", failure.words});
      return failure;
    }
  }
  std::size_t manifests = 0;
  std::size_t blobs = 0;
  std::uint64_t bytes = 0;
  for (const auto& [repository, deep] : checks) {
    manifests += deep.manifests();
    blobs += deep.blobs();
    bytes += deep.bytes();
  }
  const std::string& left = registry.pulls_left();
  return Concat({"; ", std::to_string(manifests), " manifests and ", std::to_string(blobs),
                 " blobs (", HumanBytes(bytes), ") read and hashed; ",
                 std::to_string(registry.manifest_gets()),
                 " GETs of manifests in this run count as pulls",
                 left.empty() ? "" : Concat({", ", left.substr(0, left.find(';')), " are left"})});
}

// One look at every expected tag. Fails when a tag that this run answers for is not as it must be.
Outcome<Ok> Pipeline::Course::VerifyTags() {
  std::optional<Failure> unread;
  for (const TagRecord& record : report.tags) {
    const std::string tag = record.tag;
    auto looked = Look(tag);
    const auto found = present.find(tag);
    if (looked.ok() && found != present.end() && alias_of.count(tag) == 0) {
      const auto whole = IsComplete(found->second);
      looked = whole.ok() ? Outcome<Ok>(Ok{}) : Outcome<Ok>(whole.failure());
    }
    if (!looked.ok()) {
      if (looked.failure().cancelled) {
        return looked.failure();
      }
      unread = looked.failure();
      Record(tag).state = TagState::kUnknown;
    }
  }
  std::vector<std::string> wrong;
  for (TagRecord& record : report.tags) {
    if (record.state == TagState::kUnknown) {
      continue;
    }
    record.state = StateOf(record.tag);
    const auto published = state.published.find(record.tag);
    if (record.state == TagState::kVerified && attempted.count(record.tag) != 0 &&
        published != state.published.end() && published->second != record.digest) {
      record.state = TagState::kOther;
    }
    const bool ours = attempted.count(record.tag) != 0 || in_place.count(record.tag) != 0;
    if (ours && record.state != TagState::kVerified) {
      wrong.push_back(Concat({record.tag, " is ", Name(record.state)}));
    }
    if (ours && record.state == TagState::kVerified && record.tag != base_tag &&
        alias_of.count(record.tag) == 0) {
      if (auto checked = CheckRevision(record.tag, present.at(record.tag)); !checked.ok()) {
        return checked;
      }
    }
  }
  if (unread) {
    return *unread;
  }
  if (!wrong.empty()) {
    Failure failure =
        LocalFailure(Concat({"reading back does not confirm it: ", Join(wrong, ", ")}));
    failure.answerer = Answerer::kRegistry;
    failure.persistence = Persistence::kTransient;
    failure.next = NextMove::kRetry;
    return failure;
  }
  return Ok{};
}

void Pipeline::Course::Judge() {
  if (report.failure) {
    JudgeFailure(*report.failure);
    return;
  }
  if (options.plan && TagsIn({TagState::kVerified}).size() != report.tags.size()) {
    report.verdict = Verdict::kNothingChanged;
    report.why = "nothing was written; the steps above say what would be done";
    return;
  }
  const auto missing = TagsIn({TagState::kMissing, TagState::kOther, TagState::kUnknown});
  report.verdict = missing.empty() ? Verdict::kPublishedVerified : Verdict::kPartial;
  if (!missing.empty()) {
    report.why = Concat({"not asked for and not in place: ", Join(missing, ", ")});
  } else if (const std::set<Digest>& unread = registry.seen_by_head(); !unread.empty()) {
    std::vector<std::string> names;
    names.reserve(unread.size());
    for (const Digest& digest : unread) {
      names.push_back(digest.Short());
    }
    report.verdict = Verdict::kPublishedNotVerified;
    report.why =
        Concat({"every expected tag is there by HEAD; the registry's pull limit kept these ",
                "manifests from being read back: ", Join(names, ", ")});
  } else {
    report.why = wrote ? "every expected tag is there and reads back right"
                       : "everything was in place already; nothing was sent";
  }
}

void Pipeline::Course::JudgeFailure(const Failure& failure) {
  const std::string reason = Concat({failed_step, ": ", Explain(failure)});
  if (failure.cancelled) {
    report.verdict = Verdict::kUnknown;
    report.why = Concat(
        {failed_step, ": stopped from outside; what was under way may have ", "happened or not"});
    return;
  }
  if (failed_step == "verify") {
    report.verdict = Verdict::kPublishedNotVerified;
    report.why = reason;
    return;
  }
  std::vector<std::string> open;
  for (const std::string& tag : TagsIn({TagState::kUnknown})) {
    if (attempted.count(tag) != 0) {
      open.push_back(tag);
    }
  }
  if (!open.empty()) {
    report.verdict = Verdict::kUnknown;
    report.why =
        Concat({"whether these were written is not known: ", Join(open, ", "), "; ", reason});
    return;
  }
  const bool part_is_there = std::any_of(
      release.variants.begin(), release.variants.end(), [&](const VariantSpec& variant) {
        const auto found = present.find(VersionTag(variant));
        return found != present.end() && complete.count(found->second) != 0;
      });
  if (wrote || part_is_there) {
    report.verdict = Verdict::kPartial;
    report.why =
        Concat({"missing or old: ", Join(TagsIn({TagState::kMissing, TagState::kOther}), ", "),
                "; ", reason});
    return;
  }
  // A package that npm announces and does not have may come; that the release waits is our no.
  const bool not_installable = failed_step == "versions" && failure.status == 404;
  const bool refused = not_installable || failure.persistence == Persistence::kDeterministic;
  report.verdict = refused ? Verdict::kRefused : Verdict::kNothingChanged;
  report.why = reason;
}

// The base is told by its hash alone, so who built it, and when, is not known.
std::string Pipeline::Course::UnseenChanges() const {
  constexpr std::size_t kNamedMost = 10;
  std::vector<std::string> named;
  for (const BlindSpot& change : unseen.changes) {
    if (named.size() < kNamedMost) {
      named.push_back(change.what);
    }
  }
  const std::size_t more = unseen.changes.size() - named.size();
  return Concat({"Not shipped, unless CI built ", base_tag, " of this very commit: changes since ",
                 unseen.since, " that the base hash does not see (", Join(named, "; "),
                 more == 0 ? "" : Concat({"; and ", std::to_string(more), " more"}),
                 "). Change what it sees as well, a line of ", release.base->source.dockerfile,
                 ", and publish the next release."});
}

void Pipeline::Course::Advise() {
  if (report.failure && !report.failure->advice.empty()) {
    report.next.push_back(report.failure->advice);
  }
  if (!leftovers.empty()) {
    report.next.push_back(
        Concat({"Left over, of variants that this release has not: ", Join(leftovers, ", "),
                "; nothing moves them any more, delete them at the registry."}));
  }
  if (!unseen.changes.empty()) {
    report.next.push_back(UnseenChanges());
  }
  switch (report.verdict) {
    case Verdict::kPublishedVerified:
      break;
    case Verdict::kPublishedNotVerified:
      report.next.emplace_back(
          registry.seen_by_head().empty()
              ? "Run again in some minutes: it only reads when all is in place."
              : "Run again when the pull limit has passed (hours): it only reads then.");
      break;
    case Verdict::kPartial:
      report.next.emplace_back(recalled || wrote
                                   ? "Run again with --resume: it sends only what is missing."
                                   : "Run again: it sends only what is missing.");
      report.next.emplace_back(
          "If it cannot be finished at this tag: publish the next letter or a newer version; what "
          "is out stays.");
      break;
    case Verdict::kUnknown:
      report.next.emplace_back("Run again with --resume: it asks the registry before it sends.");
      break;
    case Verdict::kNothingChanged:
      if (report.failure) {
        report.next.emplace_back("Run again when that has passed; nothing needs to be undone.");
      }
      break;
    case Verdict::kRefused:
      break;
  }
}

}  // namespace drydock::publisher
