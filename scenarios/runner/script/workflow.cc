// The CI workflow: jobs on a few runners.
#include <algorithm>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/script/commands.h"
#include "scenarios/runner/script/script.h"

namespace drydock::scenarios::script {
namespace {

constexpr std::string_view kOutputs = ".outputs.";
constexpr std::string_view kNeeds = "needs.";

class Workflow {
 public:
  Workflow(const Surroundings& surroundings, const Constants& constants, const Settings& settings)
      : surroundings_(surroundings), constants_(constants), settings_(settings) {
    for (const Job& job : settings_.workflow.jobs) {
      for (const publisher::VariantSpec* variant : VariantsOf(job)) {
        const std::string part =
            variant == nullptr ? job.name : Concat({job.name, ":", variant->name});
        if (!job.each_platform) {
          AddLeg({&job, variant, "", part, "", ""});
          continue;
        }
        for (const std::string& platform : constants_.release.platforms) {
          AddLeg({&job, variant, platform, Concat({part, ":", platform}), "", ""});
        }
      }
    }
    for (int runner = settings_.runners; runner > 1; --runner) {
      idle_.push_back(runner);
    }
  }

  Outcome Run() {
    Work(1);
    for (Leg& leg : legs_) {
      if (leg.outcome.empty()) {
        End(leg, surroundings_.actor, "not-reached", "a job before it failed");
      }
    }
    Outcome outcome;
    outcome.green = failed_.empty();
    outcome.reason = outcome.green ? "every job succeeded" : Join(failed_, "; ");
    outcome.parts = std::move(parts_);
    outcome.builds = builds_;
    outcome.output = std::move(output_);
    outcome.run = std::move(run_);
    return outcome;
  }

 private:
  struct Leg {
    const Job* job;
    const publisher::VariantSpec* variant;  // null for a job that is one
    std::string platform;                   // "" for a job that has no leg for each
    std::string part;
    std::string outcome;  // "" until it is over
    std::string detail;   // of a job that went well
    bool begun = false;
  };

  void AddLeg(Leg leg) {
    TakeOver(leg);
    legs_.push_back(std::move(leg));
  }

  // In the order in which free runners take them; one null for a job that is one.
  std::vector<const publisher::VariantSpec*> VariantsOf(const Job& job) const {
    std::vector<const publisher::VariantSpec*> variants;
    if (!job.each_variant) {
      return {nullptr};
    }
    for (const std::string& name : settings_.jobs) {
      variants.push_back(constants_.release.FindVariant(name));
    }
    if (variants.empty()) {
      for (const publisher::VariantSpec& variant : constants_.release.variants) {
        variants.push_back(&variant);
      }
    }
    return variants;
  }

  // A rerun of the failed jobs leaves the others as they were, also those that were not reached.
  void TakeOver(Leg& leg) {
    if (!settings_.rerun) {
      return;
    }
    run_.versions = settings_.rerun->versions;
    run_.base_there = settings_.rerun->base_there;
    run_.digests = settings_.rerun->digests;
    const auto before = settings_.rerun->outcomes.find(leg.part);
    if (before != settings_.rerun->outcomes.end() && before->second != "failed") {
      const bool ran = before->second == "ran";
      End(leg, surroundings_.actor, ran ? "ran" : "skipped",
          ran ? "in the run before" : "not a failed job");
    }
  }

  // A runner takes job after job until none is ready; beside it others do, when there is more.
  void Work(int runner) {
    while (!killed_) {
      Settle();
      std::vector<Leg*> ready = Ready();
      if (ready.empty()) {
        break;
      }
      if (ready.size() > 1 && !idle_.empty()) {
        std::vector<simulator::World::Task> runners;
        Add(runner, runners);
        while (!idle_.empty() && runners.size() < ready.size()) {
          Add(idle_.back(), runners);
          idle_.pop_back();
        }
        surroundings_.together(std::move(runners));
        return;
      }
      Play(*ready.front(), runner);
    }
    idle_.push_back(runner);
  }

  void Add(int runner, std::vector<simulator::World::Task>& runners) {
    runners.emplace_back(Concat({surroundings_.actor, "-", std::to_string(runner)}),
                         [this, runner] { Work(runner); });
  }

  // "ran" when all legs did or were skipped; "" when one is not over.
  std::string OutcomeOf(const std::string& job) const {
    std::string outcome = "ran";
    for (const Leg& leg : legs_) {
      if (leg.job->name != job || outcome.empty()) {
        continue;
      }
      const bool good = leg.outcome == "ran" || leg.outcome == "skipped";
      outcome = leg.outcome.empty() ? "" : good ? outcome : "failed";
    }
    return outcome;
  }

  // Whether all that the leg's job needs is over; then how.
  bool NeedsAreOver(const Leg& leg, bool& good) const {
    good = true;
    for (const std::string& need : leg.job->needs) {
      const std::string outcome = OutcomeOf(need);
      if (outcome.empty()) {
        return false;
      }
      good = good && outcome == "ran";
    }
    return true;
  }

  // Ends what will not run.
  void Settle() {
    for (Leg& leg : legs_) {
      bool good = true;
      if (leg.begun || !leg.outcome.empty() || !NeedsAreOver(leg, good) || !good) {
        continue;
      }
      if (const auto& condition = leg.job->condition;
          condition && (ValueOf(condition->left) == condition->right) != condition->equal) {
        End(leg, surroundings_.actor, "skipped",
            leg.job->kind == JobKind::kBuildBase ? "the base is on the Hub"
                                                 : "its condition does not hold");
      }
    }
  }

  std::vector<Leg*> Ready() {
    std::vector<Leg*> ready;
    for (Leg& leg : legs_) {
      bool good = true;
      if (!leg.begun && leg.outcome.empty() && NeedsAreOver(leg, good) && good) {
        ready.push_back(&leg);
      }
    }
    return ready;
  }

  // What the forge makes of the left side of a condition.
  std::string ValueOf(const std::string& name) const {
    if (name == "github.ref_type") {
      return "tag";
    }
    if (name == "github.ref_name") {
      return constants_.release_tag;
    }
    if (name.starts_with(kNeeds) && name.ends_with(Concat({kOutputs, "exists"}))) {
      return run_.base_there ? "true" : "false";
    }
    return "";  // env.NAME too: it is set inside run: only
  }

  void Play(Leg& leg, int runner) {
    leg.begun = true;
    const std::string actor = leg.variant == nullptr
                                  ? surroundings_.actor
                                  : Concat({surroundings_.actor, "-", std::to_string(runner)});
    Machine machine(surroundings_, constants_, settings_, actor);
    bool good = false;
    const bool late = RunWithin(leg, [&] { good = Do(leg, machine); });
    if (late) {
      machine.Fail(Concat({"the job has exceeded its limit of ", FormatDuration(leg.job->limit)}));
      good = false;
    }
    killed_ = killed_ || (!late && machine.cancelled());
    End(leg, actor, good ? "ran" : "failed", good ? leg.detail : machine.last_error());
    if (!good) {
      failed_.push_back(Concat({leg.part, ": ", machine.last_error()}));
    }
    builds_ += machine.builds();
    output_ += machine.output();
  }

  // True when the job was stopped at its limit.
  bool RunWithin(const Leg& leg, const std::function<void()>& work) {
    if (leg.job->limit == Duration::zero()) {
      work();
      return false;
    }
    const std::string actor = Concat({surroundings_.actor, " job ", leg.part});
    const std::string watch = Concat({actor, " limit"});
    bool over = false;
    bool late = false;
    surroundings_.together({{actor,
                             [&] {
                               work();
                               over = true;
                               surroundings_.kill(watch);
                             }},
                            {watch, [&] {
                               if (surroundings_.clock.SleepFor(leg.job->limit) && !over) {
                                 late = true;
                                 surroundings_.kill(actor);
                               }
                             }}});
    return late;
  }

  bool Do(Leg& leg, Machine& machine) {
    const auto trouble = settings_.trouble.find(leg.part);
    const bool troubled = trouble != settings_.trouble.end();
    if (!machine.Spend(leg.job->takes)) {
      return false;
    }
    if (troubled && trouble->second.hangs > Duration::zero()) {
      if (machine.Spend(trouble->second.hangs)) {
        machine.Fail("the runner stopped answering");
      }
      return false;
    }
    const bool done = DoKind(leg, machine);
    if (done && troubled) {
      machine.Fail(trouble->second.fails);
    }
    return done && !troubled;
  }

  bool DoKind(Leg& leg, Machine& machine) {
    switch (leg.job->kind) {
      case JobKind::kResolveVersions:
        run_.versions = machine.ResolveVersions(leg.job->version);
        leg.detail = machine.Describe(run_.versions);
        return !machine.cancelled();
      case JobKind::kBaseDecide:
        run_.base_there = machine.Probe(machine.BaseTag());
        machine.Print(Concat({"Computed base tag: base-", constants_.base_hash}));
        leg.detail = Concat({"base-", constants_.base_hash,
                             run_.base_there ? " is there" : " is missing, it says"});
        return !machine.cancelled();
      case JobKind::kBuildBase:
        return machine.BuildBase();
      case JobKind::kSmoke:
        return machine.Smoke(*leg.variant, run_.versions);
      case JobKind::kBuildVariant:
        return machine.BuildVariant(*leg.variant, run_.versions);
      case JobKind::kPushDigest:
        return PushDigest(leg, machine);
      case JobKind::kMergeDigests:
        return MergeDigests(leg, machine);
      case JobKind::kPromoteBaseLatest:
        return machine.PromoteBase();
      case JobKind::kUpdateDescription:
        return machine.PatchPage(leg.job->url);
      case JobKind::kValidate:
        break;
    }
    return machine.Validate(*leg.variant, run_.versions);
  }

  // The digest is handed over as an artifact: what was pushed stays without a tag when that fails.
  bool PushDigest(Leg& leg, Machine& machine) {
    const auto digest = machine.PushByDigest(*leg.variant, run_.versions, leg.platform);
    if (!digest || !machine.MayUpload(leg.job->artifacts)) {
      return false;
    }
    leg.detail = digest->ToString();
    run_.digests[leg.variant->name].insert(leg.detail);
    return true;
  }

  bool MergeDigests(const Leg& leg, Machine& machine) {
    if (!machine.MayDownload(leg.job->artifacts)) {
      return false;
    }
    const auto digests = run_.digests.find(leg.variant->name);
    if (digests == run_.digests.end()) {
      machine.Fail("Unable to find any artifacts for the associated workflow");
      return false;
    }
    return machine.MergeDigests(*leg.variant, digests->second);
  }

  void End(Leg& leg, std::string_view actor, std::string_view outcome, std::string_view detail) {
    leg.outcome = outcome;
    run_.outcomes[leg.part] = outcome;
    parts_.push_back({leg.part, leg.outcome, std::string(detail)});
    surroundings_.journal.Append(actor, StepEvent{leg.part, StepEvent::Edge::kEnd,
                                                  parts_.back().outcome, parts_.back().detail});
  }

  const Surroundings& surroundings_;
  const Constants& constants_;
  const Settings& settings_;
  std::vector<Leg> legs_;
  std::vector<int> idle_;  // runners, the next one last
  CiRun run_;
  std::vector<PartResult> parts_;
  std::vector<std::string> failed_;
  std::string output_;
  std::uint64_t builds_ = 0;
  bool killed_ = false;
};

Job JobOf(std::string name, JobKind kind, std::vector<std::string> needs) {
  Job job;
  job.name = std::move(name);
  job.kind = kind;
  job.needs = std::move(needs);
  return job;
}

}  // namespace

CiWorkflow UsualWorkflow(bool has_base) {
  CiWorkflow usual;
  usual.jobs.push_back(JobOf("resolve-versions", JobKind::kResolveVersions, {}));
  if (has_base) {
    usual.jobs.push_back(JobOf("base-decide", JobKind::kBaseDecide, {"resolve-versions"}));
    usual.jobs.push_back(JobOf("build-base", JobKind::kBuildBase, {"base-decide"}));
    usual.jobs.back().condition = Condition{"needs.base-decide.outputs.exists", false, "true"};
  }
  usual.jobs.push_back(
      JobOf("variant", JobKind::kBuildVariant, {has_base ? "build-base" : "resolve-versions"}));
  usual.jobs.back().each_variant = true;
  if (has_base) {
    usual.jobs.push_back(JobOf("promote-base-latest", JobKind::kPromoteBaseLatest, {"variant"}));
  }
  return usual;
}

Outcome RunWorkflow(const Surroundings& surroundings, const Constants& constants,
                    const Settings& settings) {
  return Workflow(surroundings, constants, settings).Run();
}

}  // namespace drydock::scenarios::script
