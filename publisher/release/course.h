// One run of the pipeline under way: what is asked, what is known, what was written. A private
// header of pipeline.cc and the course_*.cc files, which hold its steps by kind: preflight
// (course_preflight.cc), questions (course_checks.cc), writes (course_writes.cc), judgement
// (course_verdict.cc).
// Threads: one run belongs to one thread. Source: publisher/release/pipeline.h.
//
// How a run knows that a version tag found at the registry is this release's: a release tag is
// never used for two builds (a rebuild takes the next letter), so the tag's name alone says so,
// whoever pushed it; CI's part of a half-published release counts. The run state adds what the
// registry cannot tell: a digest that this clone published and that is no longer there (somebody
// pushed over it), and that the git tag named another commit when the first build began. Both are
// refused.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "publisher/registry/image_check.h"
#include "publisher/release/pipeline.h"

namespace drydock::publisher {

inline constexpr std::string_view kBaseLatest = "base-latest";

// An error of ours as what stopped the run.
Failure FailureOf(const Error& error, std::string advice = "");

// How a step that did not fail ended.
struct StepEnd {
  StepOutcome outcome = StepOutcome::kRan;
  std::string detail;
};

struct Pipeline::Course {
  Course(Pipeline& pipeline, const LocalFacts& local_facts);

  PublishReport Run();

  // --- the frame (pipeline.cc)
  using StepBody = std::function<Outcome<StepEnd>()>;
  void ListSteps();
  // Runs `body` as the step of that name, records and announces it. False when the run must end.
  bool Step(const std::string& name, const StepBody& body);
  void Announce(const StepRecord& record);
  bool Wants(const VariantSpec& variant) const;
  std::string VersionTag(const VariantSpec& variant) const;
  std::string Alias(const VariantSpec& variant) const;
  // Tags of the further repositories go by "ghcr.io/me/app:v1.0.0" wherever a tag is named.
  static std::string TagIn(const ImageReference& also, std::string_view tag);
  ImageReference At(std::string_view tag) const;
  // In the repository of `tag`.
  ImageReference At(const Digest& digest, std::string_view tag = "") const;
  bool BuildVariants();
  bool MoveAliases();
  TagRecord& Record(std::string_view tag);

  // --- preflight (course_preflight.cc)
  Outcome<StepEnd> Preflight();
  Outcome<Ok> CheckWhatIsAsked() const;
  // Into the report.
  void Note(PreflightCheck check);
  // What this machine shows, into the report.
  void CheckMachine(const RepositoryFacts& repository);
  // Registry, clock and login of `image`, into the report.
  Outcome<Ok> CheckRegistry(const ImageReference& image);

  // --- questions (course_checks.cc)
  Outcome<Ok> RecallState(const RepositoryFacts& repository);
  Outcome<StepEnd> SettleVersions();
  Outcome<std::string> SettleVersion(const VersionSpec& spec);
  // Whether every wanted variant that takes `argument` was published by an earlier run.
  bool IsShipped(const std::string& argument) const;
  Outcome<StepEnd> FindBaseHash();
  // Method B: the hash in the name of the base tag that base-latest's digest has; "" when it has
  // none of them.
  Outcome<std::string> HashOfBaseLatest();
  // CI says otherwise than the tree: who says what, and which one to trust.
  Failure ExplainBaseHashes(const std::string& tree);
  Outcome<StepEnd> Survey();
  // Fills in the report's record of `tag` from the registry's answer. Unknown is a failure.
  Outcome<Ok> Look(const std::string& tag);
  Outcome<Ok> JudgePresence();
  // Whether the project has what the images that are missing are made of.
  Outcome<Ok> CheckSources() const;
  // The aliases at the registry that belong to no variant of this release.
  Outcome<Ok> FindLeftovers();
  // Whether the image has every platform of the release; remembers those that do.
  Outcome<bool> IsComplete(const Digest& digest);
  // What `present` and `complete` say about a tag.
  TagState StateOf(const std::string& tag) const;

  // --- writes (course_writes.cc)
  Outcome<StepEnd> BuildBase();
  // Asks what a base that is there already may lack.
  void LookForUnseen();
  Outcome<StepEnd> BuildVariant(const VariantSpec& variant);
  Outcome<StepEnd> MoveTag(const std::string& from, const std::string& alias);
  // Every wanted variant to every further repository; one that fails does not keep the others.
  bool CopyEverywhere();
  Outcome<StepEnd> CopyTo(const ImageReference& also, const VariantSpec& variant);
  // Builds, pushes, reads back and notes `tag`.
  Outcome<StepEnd> Build(const BuildRequest& request, const std::string& tag);
  Outcome<std::optional<Digest>> BuildWithRetry(const BuildRequest& request,
                                                const std::string& tag);
  Outcome<std::optional<Digest>> BuildOnce(const BuildRequest& request);
  // The digest of `tag` if a build that ended badly pushed it after all.
  Outcome<std::optional<Digest>> PushedAfterAll(const std::string& tag);
  Outcome<Digest> ReadBack(const std::string& tag, const std::optional<Digest>& pushed);
  Failure ExplainBuildFailure(Failure failure, const std::string& tag);
  // Whether the images behind a version tag are of the release tag's commit, as far as they say.
  Outcome<Ok> CheckRevision(const std::string& tag, const Digest& digest);
  // Whether the image behind `from` can be pulled whole, before an alias comes to name it.
  Outcome<Ok> CheckWhole(const Digest& digest, const std::string& from, const std::string& alias);
  // Saves the run state.
  Outcome<Ok> Remember();
  BuildRequest RequestFor(const std::string& tag, const ImageSource& source,
                          const std::map<std::string, std::string>& arguments) const;

  // --- judgement (course_verdict.cc)
  Outcome<StepEnd> Verify();
  Outcome<Ok> VerifyTags();
  // Reads and hashes every blob of every tag's image; gives what was read, for people.
  Outcome<std::string> VerifyDeeply();
  // The note about images without a revision label; "" when there are none.
  std::string SilentTags() const;
  void Judge();
  void JudgeFailure(const Failure& failure);
  void Advise();
  // What `unseen` holds, and what to do, in one line.
  std::string UnseenChanges() const;
  std::vector<std::string> TagsIn(std::initializer_list<TagState> states) const;

  const Surroundings& with;
  const ReleaseFile& release;
  const PipelineOptions& options;
  const LocalFacts& local;
  RegistryClient registry;
  std::map<std::string, ImageCheck> image_checks;  // of what the aliases came to name
  Retrier retrier;
  std::optional<NpmClient> npm;

  RunState state;          // as it will be saved next
  bool recalled = false;   // `state` goes back to an earlier run of this release
  std::string base_tag;    // "" without a base
  std::string tag_commit;  // of the release tag
  PublishReport report;
  std::vector<std::string> leftovers;           // of variants that there are no more; --plan only
  BlindSpotReport unseen;                       // by the base hash, of a base that is there already
  std::map<std::string, std::string> alias_of;  // alias to the tag it must equal
  std::map<std::string, Digest> present;        // tags, as last seen or written
  std::set<std::string> in_place;               // tags that need no build
  std::set<std::string> attempted;              // tags this run began to write
  std::set<std::string> unsettled;              // of those: a failed attempt may have written it
  std::set<std::string> left_alone;             // of those: a failed attempt did not write it
  std::set<Digest> complete;                    // images known to have all platforms
  std::set<Digest> of_the_commit;               // images known not to be of another commit
  std::set<std::string> without_revision;       // version tags whose image says nothing of it
  std::string failed_step;
  bool wrote = false;     // a tag was accepted in this run
  bool may_push = false;  // the token service said so in preflight
};

}  // namespace drydock::publisher
