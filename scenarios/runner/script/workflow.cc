// The CI workflow: jobs on a few runners.
#include <algorithm>
#include <deque>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/script/commands.h"
#include "scenarios/runner/script/script.h"

namespace drydock::scenarios::script {
namespace {

class Workflow {
 public:
  Workflow(const Surroundings& surroundings, const Constants& constants, const Settings& settings)
      : surroundings_(surroundings), constants_(constants), settings_(settings) {}

  Outcome Run() {
    Machine first(surroundings_, constants_, settings_, surroundings_.actor);
    const Versions versions = first.ResolveVersions();
    End("resolve-versions", first, !first.cancelled(), first.Describe(versions));
    bool ready = !first.cancelled();
    if (constants_.release.base) {
      ready = ready && Base(first);
    }
    Take(first);
    if (ready) {
      RunVariants(versions);
    }
    if (constants_.release.base) {
      Promote(ready);
    }
    return Finish();
  }

 private:
  bool Base(Machine& machine) {
    const bool there = machine.Probe(machine.BaseTag());
    machine.Print(Concat({"Computed base tag: base-", constants_.base_hash}));
    if (!End("base-decide", machine, !machine.cancelled(),
             Concat(
                 {"base-", constants_.base_hash, there ? " is there" : " is missing, it says"}))) {
      return false;
    }
    if (there) {
      Part("build-base", machine.actor(), "skipped", "the base is on the Hub");
      return true;
    }
    return End("build-base", machine, machine.BuildBase());
  }

  // The variant jobs, in the order runners take them.
  std::deque<const publisher::VariantSpec*> Queue() const {
    std::deque<const publisher::VariantSpec*> queue;
    for (const std::string& name : settings_.jobs) {
      queue.push_back(constants_.release.FindVariant(name));
    }
    if (queue.empty()) {
      for (const publisher::VariantSpec& variant : constants_.release.variants) {
        queue.push_back(&variant);
      }
    }
    return queue;
  }

  void RunVariants(const Versions& versions) {
    auto queue = Queue();
    std::vector<simulator::World::Task> runners;
    for (int index = 1; index <= settings_.runners; ++index) {
      const std::string name = Concat({surroundings_.actor, "-", std::to_string(index)});
      runners.emplace_back(name, [this, &queue, &versions, name] {
        while (!queue.empty() && !killed_) {
          const publisher::VariantSpec& variant = *queue.front();
          queue.pop_front();
          Machine machine(surroundings_, constants_, settings_, name);
          const bool built = machine.BuildVariant(variant, versions);
          End(Concat({"variant:", variant.name}), machine, built);
          Take(machine);
        }
      });
    }
    surroundings_.together(std::move(runners));
  }

  void Promote(bool ready) {
    if (!ready || killed_ || !failed_.empty()) {
      for (const publisher::VariantSpec& variant : constants_.release.variants) {
        Unreached(Concat({"variant:", variant.name}));
      }
      Unreached("promote-base-latest");
      return;
    }
    Machine machine(surroundings_, constants_, settings_, surroundings_.actor);
    End("promote-base-latest", machine, machine.PromoteBase());
    Take(machine);
  }

  void Unreached(const std::string& name) {
    const auto same = [&](const PartResult& part) { return part.part == name; };
    if (std::none_of(parts_.begin(), parts_.end(), same)) {
      Part(name, surroundings_.actor, "not-reached", "a job before it failed");
    }
  }

  bool End(const std::string& name, const Machine& machine, bool succeeded,
           std::string_view detail = "") {
    Part(name, machine.actor(), succeeded ? "ran" : "failed",
         succeeded ? detail : machine.last_error());
    if (!succeeded) {
      failed_.push_back(Concat({name, ": ", machine.last_error()}));
      killed_ = killed_ || machine.cancelled();
    }
    return succeeded;
  }

  void Part(const std::string& name, std::string_view actor, std::string_view outcome,
            std::string_view detail) {
    parts_.push_back({name, std::string(outcome), std::string(detail)});
    surroundings_.journal.Append(
        actor, StepEvent{name, StepEvent::Edge::kEnd, parts_.back().outcome, parts_.back().detail});
  }

  void Take(const Machine& machine) {
    builds_ += machine.builds();
    output_ += machine.output();
  }

  Outcome Finish() {
    Outcome outcome;
    outcome.green = failed_.empty();
    outcome.reason = outcome.green ? "every job succeeded" : Join(failed_, "; ");
    outcome.parts = std::move(parts_);
    outcome.builds = builds_;
    outcome.output = std::move(output_);
    return outcome;
  }

  const Surroundings& surroundings_;
  const Constants& constants_;
  const Settings& settings_;
  std::vector<PartResult> parts_;
  std::vector<std::string> failed_;
  std::string output_;
  std::uint64_t builds_ = 0;
  bool killed_ = false;
};

}  // namespace

Outcome RunWorkflow(const Surroundings& surroundings, const Constants& constants,
                    const Settings& settings) {
  return Workflow(surroundings, constants, settings).Run();
}

}  // namespace drydock::scenarios::script
