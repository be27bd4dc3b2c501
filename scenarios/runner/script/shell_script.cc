// The runbook's script, top to bottom.
#include "core/text.h"
#include "scenarios/runner/script/commands.h"
#include "scenarios/runner/script/script.h"

namespace drydock::scenarios::script {
namespace {

class ShellScript {
 public:
  ShellScript(const Surroundings& surroundings, const Constants& constants,
              const Settings& settings)
      : surroundings_(surroundings),
        constants_(constants),
        settings_(settings),
        machine_(surroundings, constants, settings, surroundings.actor) {}

  Outcome Run() {
    if (settings_.look_only) {
      return Verify();
    }
    if (!settings_.head_at_tag) {
      machine_.Print(Concat({"HEAD is not ", constants_.release_tag}));
      Part("preflight", false);
      return Finish(false, "preflight");
    }
    Part("preflight", true);
    if (constants_.release.base && !Base()) {
      return Finish(false, parts_.back().part);
    }
    const Versions versions = machine_.ResolveVersions();
    for (const publisher::VariantSpec& variant : constants_.release.variants) {
      const std::string part = Concat({"variant:", variant.name});
      if (!Part(part, machine_.BuildVariant(variant, versions))) {
        return Finish(false, part);
      }
    }
    return Verify();
  }

 private:
  Outcome Verify() {
    machine_.PrintTags();
    Part("verify", !machine_.cancelled());
    return Finish(!machine_.cancelled(), "verify");
  }

  bool Base() {
    const bool there = machine_.Probe(machine_.BaseTag());
    if (!Part("probe", !machine_.cancelled())) {
      return false;
    }
    if (there) {
      Record({"base-build", "skipped", "the base is on the Hub"});
    } else if (!Part("base-build", machine_.BuildBase())) {
      return false;
    }
    return Part("promote-base", machine_.PromoteBase());
  }

  bool Part(std::string name, bool succeeded) {
    Record({std::move(name), succeeded ? "ran" : "failed", succeeded ? "" : machine_.last_error()});
    return succeeded;
  }

  void Record(PartResult part) {
    surroundings_.journal.Append(surroundings_.actor, StepEvent{part.part, StepEvent::Edge::kEnd,
                                                                part.outcome, part.detail});
    parts_.push_back(std::move(part));
  }

  Outcome Finish(bool green, const std::string& last) {
    Outcome outcome;
    outcome.green = green;
    outcome.reason = green ? "the script ran to its end; it printed the tags and compared nothing"
                           : Concat({last, " failed: ", machine_.last_error()});
    outcome.parts = std::move(parts_);
    outcome.builds = machine_.builds();
    outcome.output = machine_.output();
    return outcome;
  }

  const Surroundings& surroundings_;
  const Constants& constants_;
  const Settings& settings_;
  Machine machine_;
  std::vector<PartResult> parts_;
};

}  // namespace

Outcome RunShellScript(const Surroundings& surroundings, const Constants& constants,
                       const Settings& settings) {
  return ShellScript(surroundings, constants, settings).Run();
}

}  // namespace drydock::scenarios::script
