#include "scenarios/authoring/explain.h"

#include <filesystem>
#include <vector>

#include "core/text.h"
#include "scenarios/authoring/prose.h"

namespace drydock::scenarios {
namespace {

using json::Value;

constexpr std::string_view kParagraph = "  ";
constexpr std::string_view kPoint = "  - ";
constexpr std::string_view kInnerPoint = "     - ";

std::string Took(const BuildTimes& times) {
  return Concat({FormatDuration(times.base), " for the base and ", FormatDuration(times.variant),
                 " for a variant"});
}

std::vector<std::string> HubSays(const HubSpec& hub) {
  std::vector<std::string> points;
  if (hub.previous_release.empty()) {
    points.emplace_back("The repository on the Hub is empty.");
  } else {
    points.push_back(Concat({"The Hub holds release ", hub.previous_release,
                             ", published a week before; its base is ",
                             hub.base_present ? "the present one, so base-<hash> is there."
                                              : "an older one, so base-<hash> is not there."}));
  }
  if (!hub.cache_repository.empty()) {
    points.push_back(Concat({"CI keeps its cache in ", hub.cache_repository, "."}));
  }
  if (hub.tag_list_lag > Duration::zero()) {
    points.push_back(Concat({"The management API's tag listing lags ",
                             FormatDuration(hub.tag_list_lag), " behind the registry."}));
  }
  return points;
}

void NpmSays(const WorldSpec& world, std::vector<std::string>& points) {
  for (const simulator::NpmRelease& package : world.npm) {
    if (package.tarball_from) {
      points.push_back(Concat({"npm has ", package.package, " ", package.version,
                               ", whose tarball answers 404 before ",
                               FormatRfc3339(*package.tarball_from), "."}));
    }
  }
}

std::vector<std::string> WorkTreeSays(const ProjectSpec& project) {
  std::vector<std::string> points;
  if (project.dirty) {
    points.emplace_back("the work tree has an edit that nobody committed");
  }
  if (!project.head_at_tag) {
    points.emplace_back("a commit lies on top of the release tag");
  }
  for (const auto& [path, text] : project.untracked) {
    points.push_back(Concat({path, " lies in the work tree and was never committed"}));
  }
  if (project.crlf) {
    points.emplace_back("the work tree has CRLF line endings, which git hides");
  }
  return points;
}

void ProjectSays(const ProjectSpec& project, std::vector<std::string>& points) {
  points.push_back(
      Concat({"The project is ", std::filesystem::path(project.folder).filename().string(), "; ",
              project.tag, " is to be published."}));
  for (const std::string& point : WorkTreeSays(project)) {
    points.push_back(Concat({"Beside that ", point, "."}));
  }
  for (const auto& [path, text] : project.files) {
    points.push_back(Concat({"Its file ", path, " is the scenario's own."}));
  }
}

void BuilderSays(const BuilderSpec& builder, std::vector<std::string>& points) {
  if (builder.parallel_export) {
    points.emplace_back("The builder exports image and cache side by side.");
  }
  if (builder.ci.base + builder.ci.variant > Duration::zero()) {
    points.push_back(Concat({"A CI runner builds ", Took(builder.ci), "."}));
  }
  if (builder.host.base + builder.host.variant > Duration::zero()) {
    points.push_back(Concat({"The developer's machine builds ", Took(builder.host), "."}));
  }
}

std::vector<std::string> WorldSays(const Scenario& scenario) {
  std::vector<std::string> points;
  if (scenario.world.project.folder.empty()) {
    return points;
  }
  ProjectSays(scenario.world.project, points);
  const std::vector<std::string> hub = HubSays(scenario.world.hub);
  points.insert(points.end(), hub.begin(), hub.end());
  NpmSays(scenario.world, points);
  if (scenario.world.forge) {
    points.push_back(Concat({"A git forge answers at ", scenario.world.forge->content.host, "."}));
  }
  for (const auto& [name, workflow] : scenario.world.ci) {
    std::vector<std::string> jobs;
    for (const script::Job& job : workflow.jobs) {
      jobs.push_back(job.name);
    }
    points.push_back(Concat({"The CI workflow ", name, " has the jobs ", prose::And(jobs), "."}));
  }
  BuilderSays(scenario.world.builder, points);
  return points;
}

std::string PublishSays(const PublishStep& step) {
  std::string text = step.publisher == Publisher::kCi ? "The CI workflow publishes"
                     : step.publisher == Publisher::kHostScript
                         ? "The runbook's script publishes from the developer's machine"
                         : "drydock publishes from the developer's machine";
  text += step.run.empty() ? "" : Concat({" (", step.run, ")"});
  text += step.cache ? ", exporting a build cache" : "";
  text += step.attempts > 1 ? Concat({", with ", std::to_string(step.attempts), " tries a push"})
                            : std::string();
  text += step.workflow.empty() ? "" : Concat({" by the workflow ", step.workflow});
  text += step.rerun.empty() ? "" : Concat({", of ", step.rerun, " the failed jobs alone"});
  for (const auto& [part, trouble] : step.trouble) {
    text += trouble.fails.empty()
                ? Concat({"; the runner of ", part, " hangs for ", FormatDuration(trouble.hangs)})
                : Concat({"; ", part, " fails: ", trouble.fails});
  }
  text += step.resume ? ", resuming what an earlier run left" : "";
  text += step.only.empty() ? "" : Concat({", the variant ", step.only, " alone"});
  text += step.plan ? ", only planning" : "";
  text += step.from_ci.empty() ? "" : Concat({", on the base that ", step.from_ci, " computed"});
  text += step.from_base_latest ? ", on the base that base-latest names" : "";
  text += step.jobs.empty()
              ? ""
              : Concat({", taking the variants in the order ", prose::And(step.jobs)});
  return text;
}

std::string ProjectStepSays(const ProjectStep& step) {
  std::vector<std::string> points;
  if (!step.folder.empty()) {
    points.push_back(
        Concat({"the project is ", std::filesystem::path(step.folder).filename().string()}));
  }
  if (!step.tag.empty()) {
    points.push_back(Concat({step.tag, " is to be published"}));
  }
  for (const auto& [path, text] : step.files) {
    points.push_back(Concat({path, " is another"}));
  }
  for (const auto& [path, mode] : step.modes) {
    points.push_back(Concat({path, mode == "755" ? " is executable" : " is not executable"}));
  }
  for (const auto& [path, target] : step.links) {
    points.push_back(Concat({path, " is a link to ", target}));
  }
  ProjectSpec tree;
  tree.dirty = step.dirty;
  tree.head_at_tag = step.head_at_tag;
  tree.untracked = step.untracked;
  tree.crlf = step.crlf;
  for (const std::string& point : WorkTreeSays(tree)) {
    points.push_back(point);
  }
  return points.empty() ? "From here on the work tree is clean."
                        : Concat({"From here on ", prose::And(points), "."});
}

// What the step does, apart from what it expects.
const Value& ActionOf(const Value& step) {
  const Value::Object& members = *step.as_object();
  return members.front().key == "expect" ? members.back().value : members.front().value;
}

// The step in words; the JSON of a kind that has none here.
std::string StepSays(const Step& step, const Value& value) {
  if (const auto* publish = std::get_if<PublishStep>(&step.action)) {
    std::string text = PublishSays(*publish);
    const Value* after = ActionOf(value).At("/kill/after");
    if (publish->kill && after != nullptr) {
      text += Concat({", and is killed right after the ", prose::Ordinal(publish->kill->count), " ",
                      prose::Exchanges(*after)});
    }
    return Concat({text, publish->note.empty() ? "" : Concat({"; note: ", publish->note}), "."});
  }
  if (const auto* wait = std::get_if<WaitStep>(&step.action)) {
    return wait->until ? Concat({"Time passes until ", FormatRfc3339(*wait->until), "."})
                       : Concat({FormatDuration(wait->span), " pass."});
  }
  if (const auto* change = std::get_if<FaultSwitchStep>(&step.action)) {
    return Concat({"From here on ", prose::And(change->rules),
                   change->rules.size() == 1 ? " is " : " are ", change->on ? "on." : "off."});
  }
  if (const auto* project = std::get_if<ProjectStep>(&step.action)) {
    return ProjectStepSays(*project);
  }
  if (const auto* npm = std::get_if<NpmStep>(&step.action)) {
    std::vector<std::string> names;
    for (const simulator::NpmRelease& package : npm->packages) {
      names.push_back(Concat({package.package, " ", package.version}));
    }
    return Concat({"npm gets ", prose::And(names), "."});
  }
  if (const auto* page = std::get_if<HubPageStep>(&step.action)) {
    return Concat({"drydock sets the Hub's page of the repository, ",
                   std::to_string(page->text.size()), " bytes."});
  }
  if (const auto* ask = std::get_if<AskStep>(&step.action)) {
    return Concat({"A person GETs ", ask->url.ToString(), "."});
  }
  if (std::holds_alternative<DiagnoseStep>(step.action)) {
    return "The publishes so far are held against each other.";
  }
  if (const auto* hash = std::get_if<HashStep>(&step.action)) {
    return Concat({"A generated tree of ", std::to_string(hash->files), " files and ",
                   HumanBytes(hash->bytes), " is hashed; it must give ", hash->base_hash, "."});
  }
  return Concat({step.name, ": ", prose::Compact(ActionOf(value)), "."});
}

class Explanation {
 public:
  Explanation(const Value& document, const Scenario& scenario, std::size_t width)
      : document_(document), scenario_(scenario), width_(width) {}

  std::string Text() {
    Say(scenario_.title, "");
    if (!scenario_.about.empty()) {
      text_ += "\n";
      Say(scenario_.about, kParagraph);
    }
    World();
    Faults();
    Steps();
    Whole();
    return std::move(text_);
  }

 private:
  void Say(std::string_view words, std::string_view first) {
    text_ += prose::Wrapped(words, width_, first);
  }

  void World() {
    const std::vector<std::string> points = WorldSays(scenario_);
    text_ += Concat({"\nThe world, at ", FormatRfc3339(scenario_.start), " (seed ",
                     std::to_string(scenario_.seed), ")\n"});
    for (const std::string& point : points) {
      Say(point, kPoint);
    }
    if (points.empty()) {
      Say("Nothing is published here.", kPoint);
    }
  }

  void Faults() {
    text_ += "\nWhat goes wrong\n";
    const Value* faults = document_.Find("faults");
    for (std::size_t index = 0; index < scenario_.faults.size(); ++index) {
      Say(prose::Fault((*faults->as_array())[index], scenario_.faults[index]), kPoint);
    }
    if (scenario_.faults.empty()) {
      Say("No request is tampered with.", kPoint);
    }
  }

  void Demands(const Value* expect, std::string_view first) {
    if (expect != nullptr) {
      for (const std::string& line : prose::Expectations(*expect)) {
        Say(line, first);
      }
    }
  }

  void Steps() {
    text_ += "\nWhat happens, and must hold\n";
    const Value::Array& steps = *document_.Find("steps")->as_array();
    for (std::size_t index = 0; index < scenario_.steps.size(); ++index) {
      const std::string number = std::to_string(index + 1);
      Say(StepSays(scenario_.steps[index], steps[index]),
          Concat({number.size() < 2 ? "  " : " ", number, ". "}));
      Demands(steps[index].Find("expect"), kInnerPoint);
    }
  }

  void Block(std::string_view title, std::string_view key, std::string_view otherwise) {
    const Value* expect = document_.Find(key);
    text_ += Concat({"\n", title, "\n"});
    if (!otherwise.empty()) {
      Say(otherwise, kPoint);
    }
    Demands(expect, kPoint);
  }

  void Whole() {
    if (document_.Find("expect") != nullptr || !scenario_.faults.empty()) {
      Block("Of the whole run", "expect",
            scenario_.faults.empty() ? "" : "every fault that is on fires at least once");
    }
    if (document_.Find("script") != nullptr) {
      text_ += "\nThe runbook's script, in a world of its own with the same faults\n";
      const Value& script = *document_.Find("script");
      for (const json::Member& member :
           script.as_object() == nullptr ? Value::Object() : *script.as_object()) {
        if (member.key == "expect") {
          Demands(&member.value, kPoint);
        } else {
          Say(member.value.as_string() == nullptr
                  ? prose::Compact(member.value)
                  : Concat({member.key, ": ", *member.value.as_string()}),
              kPoint);
        }
      }
    }
    if (scenario_.world.project.folder.empty()) {
      return;
    }
    Block("A second publish afterwards, with the faults gone", "second-run",
          "it ends published-and-verified and sends no blob that the registry holds");
    if (!scenario_.faults.empty()) {
      Block("The same steps without any fault", "twin",
            document_.At("/twin/verdict") != nullptr ? "" : "every publish succeeds");
    }
  }

  const Value& document_;
  const Scenario& scenario_;
  std::size_t width_;
  std::string text_;
};

}  // namespace

std::string ExplainScenario(const Value& document, const Scenario& scenario, std::size_t width) {
  return Explanation(document, scenario, width).Text();
}

}  // namespace drydock::scenarios
