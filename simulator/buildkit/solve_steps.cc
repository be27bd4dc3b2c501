// The instructions of a stage, one after another. See solver.h.
#include <algorithm>
#include <set>

#include "core/rng.h"
#include "core/text.h"
#include "simulator/buildkit/solver.h"
#include "simulator/buildkit/stage_state.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr std::size_t kRunFileBytes = 2048;

Digest OperationDigest(std::initializer_list<std::string_view> parts) {
  Hasher hasher;
  for (const std::string_view part : parts) {
    hasher.Update(Concat({std::to_string(part.size()), ":", part}));
  }
  return hasher.Finish();
}

bool MakesLayer(const Instruction& instruction) {
  return instruction.keyword == "COPY" || instruction.keyword == "RUN";
}

// "BASE=x A=1 ": what a RUN line sees of arguments and environment.
std::string Rendered(const Variables& variables) {
  std::string text;
  for (const auto& [name, value] : variables) {
    text += Concat({name, "=", value, "\n"});
  }
  return text;
}

// "700.44kB", "185B", as Docker's progress writes sizes.
std::string Size(std::uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "kB", "MB", "GB"};
  std::size_t unit = 0;
  std::uint64_t hundredths = bytes * 100;
  while (hundredths >= 100000 && unit + 1 < std::size(kUnits)) {
    hundredths /= 1000;
    ++unit;
  }
  const std::string fraction = std::to_string(100 + hundredths % 100).substr(1);
  return Concat({std::to_string(hundredths / 100), unit == 0 ? "" : "." + fraction, kUnits[unit]});
}

}  // namespace

Variables Solver::Scope::Visible() const {
  Variables visible = arguments;
  for (const auto& [name, value] : state.config.Environment()) {
    visible[name] = value;
  }
  return visible;
}

Result<std::vector<BuiltImage>> Solver::Solve() {
  std::vector<BuiltImage> images;
  for (const Platform& platform : platforms_) {
    Result<StageState*> evaluated = Evaluate(file_.stages.size() - 1, platform);
    if (!evaluated) {
      return evaluated.error();
    }
    const StageState& state = **evaluated;
    for (const std::size_t record : state.records) {
      graph_.At(record).of_result = true;
    }
    ImageConfig config = state.config;
    for (const auto& [name, value] : spec_.labels) {
      config.Label(name, value);
    }
    images.push_back(
        {platform, state.layers, config.Write(platform, state.layers), state.materials});
  }
  return images;
}

Result<Solver::StageState*> Solver::Evaluate(std::size_t index, const Platform& platform) {
  std::unique_ptr<StageState>& held = stages_[{index, platform.ToString()}];
  if (held != nullptr) {
    return held.get();
  }
  held = std::make_unique<StageState>();
  StageState* const state = held.get();
  Scope scope{index, file_.stages[index], platform, *state, {}, "/", 0, 0};
  scope.steps = static_cast<std::size_t>(
      std::count_if(scope.stage.instructions.begin(), scope.stage.instructions.end(), MakesLayer));
  if (Status started = StartStage(scope); !started) {
    return started.error();
  }
  for (const Instruction& instruction : scope.stage.instructions) {
    if (Status applied = Apply(scope, instruction); !applied) {
      return FailAt(instruction.line, applied.error());
    }
  }
  return state;
}

Status Solver::StartStage(Scope& scope) {
  const std::string& written = scope.stage.base;
  if (const auto parent = FindStage(written, scope.index)) {
    Result<StageState*> state = Evaluate(*parent, scope.platform);
    if (!state) {
      return state.error();
    }
    scope.state = **state;
    return Ok{};
  }
  const auto found =
      bases_.find({Expand(written, GlobalVariables(scope.platform)), scope.platform.ToString()});
  if (found == bases_.end()) {
    return Ok{};  // scratch
  }
  const Base& base = *found->second;
  scope.state.config = base.config;
  scope.state.layers = base.layers;
  scope.state.materials = {{FullName(base.reference), base.top.digest}};
  CacheRecord record{OperationDigest({"from", base.manifest.ToString()}), {}, base.layers, false};
  scope.state.record = graph_.Add(std::move(record));
  scope.state.records = {scope.state.record};
  ++scope.steps;
  scope.step = 1;
  const std::string name = Concat({FullName(base.reference), "@", base.top.digest.ToString()});
  const auto vertex = BeginStep(scope, 1, "FROM " + name);
  tools_.progress.NoteDone(vertex, "resolve " + name, tools_.progress.clock().Elapsed());
  tools_.progress.Done(vertex);
  return Ok{};
}

Progress::Vertex Solver::BeginStep(const Scope& scope, std::size_t number,
                                   const std::string& text) {
  std::string label;
  if (platforms_.size() > 1) {
    label += scope.platform.ToString() + " ";
  }
  if (file_.stages.size() > 1) {
    label += scope.stage.name.empty() ? Concat({"stage-", std::to_string(scope.index), " "})
                                      : scope.stage.name + " ";
  }
  return tools_.progress.Begin(
      Concat({"[", label, std::to_string(number), "/", std::to_string(scope.steps), "] ", text}));
}

Status Solver::Apply(Scope& scope, const Instruction& instruction) {
  if (instruction.keyword == "COPY") {
    return Copy(scope, instruction);
  }
  if (instruction.keyword == "RUN") {
    return Run(scope, instruction);
  }
  if (instruction.keyword == "ARG") {
    Declare(scope, instruction);
    return Ok{};
  }
  Instruction expanded = instruction;
  if (instruction.keyword != "CMD" && instruction.keyword != "ENTRYPOINT") {
    expanded.arguments = Expand(instruction.arguments, scope.Visible());
  }
  if (instruction.keyword == "WORKDIR") {
    scope.workdir = expanded.arguments;
  }
  scope.state.config.Apply(expanded);
  return Ok{};
}

void Solver::Declare(Scope& scope, const Instruction& instruction) {
  const Variables global = GlobalVariables(scope.platform);
  for (const Assignment& assignment : ParseAssignments(instruction.arguments)) {
    const auto given = spec_.build_args.find(assignment.name);
    const auto outer = global.find(assignment.name);
    std::string created = assignment.name;
    if (given != spec_.build_args.end()) {
      scope.arguments[assignment.name] = given->second;
      created += Concat({"=", given->second});
    } else if (assignment.has_value) {
      scope.arguments[assignment.name] = Expand(assignment.value, scope.Visible());
      created += Concat({"=", scope.arguments[assignment.name]});
    } else if (outer != global.end()) {
      scope.arguments[assignment.name] = outer->second;
    }
    scope.state.config.AddHistory({Concat({"ARG ", created}), true});
  }
}

Result<FileTree> Solver::CopySource(Scope& scope, const std::string& from, const std::string& path,
                                    std::vector<CacheLink>& links) {
  if (from.empty()) {
    return ReadContext(spec_.context, path);
  }
  const auto stage = FindStage(from, scope.index);
  if (!stage) {
    return Error(ErrorCode::kInvalid,
                 Concat({"COPY --from=", from, ": only stages of the same file are modelled"}));
  }
  Result<StageState*> state = Evaluate(*stage, scope.platform);
  if (!state) {
    return state.error();
  }
  if ((*state)->record != kNoRecord) {
    links.push_back({(*state)->record, OperationDigest({"select", path}).ToString()});
  }
  return Subtree((*state)->files, path);
}

Status Solver::Copy(Scope& scope, const Instruction& instruction) {
  const Variables visible = scope.Visible();
  CopyArguments copy = ParseCopy(Expand(instruction.arguments, visible));
  if (copy.words.size() < 2) {
    return Error(ErrorCode::kInvalid,
                 Concat({"dockerfile parse error on line ", std::to_string(instruction.line),
                         ": COPY requires at least two arguments"}));
  }
  std::string destination = copy.words.back();
  copy.words.pop_back();
  Step step{Concat({"COPY ", Expand(instruction.arguments, visible)}),
            Concat({"COPY ", copy.flags, Join(copy.words, " "), " ", destination, " # buildkit"}),
            instruction.line,
            {OperationDigest({"copy", copy.flags, destination, scope.workdir}), {}, {}, false},
            {},
            false};
  if (destination.front() != '/') {
    destination = Concat({scope.workdir, "/", destination});
  }
  FileTree sources;
  std::vector<CacheLink> links;
  for (const std::string& path : copy.words) {
    Result<FileTree> tree = CopySource(scope, copy.from, path, links);
    if (!tree) {
      return tree.error().code() == ErrorCode::kNotFound
                 ? tree.error().At("failed to compute cache key")
                 : tree.error();
    }
    for (auto& [name, node] : Relocate(*tree, path, destination)) {
      step.files.insert_or_assign(name, node);
    }
    sources.merge(*tree);
  }
  const std::size_t content = graph_.Add({ContentDigest(sources), {}, {}, false});
  links.insert(links.begin(), CacheLink{content, ""});
  if (scope.state.record != kNoRecord) {
    step.record.inputs.push_back({{scope.state.record, ""}});
  }
  step.record.inputs.push_back(std::move(links));
  return Finish(scope, step);
}

Status Solver::Run(Scope& scope, const Instruction& instruction) {
  const std::string environment = Rendered(scope.Visible());
  std::string arguments;
  for (const auto& [name, value] : scope.arguments) {
    arguments += Concat({name, "=", value, " "});
  }
  const std::string shell = Concat(
      {arguments.empty() ? ""
                         : Concat({"|", std::to_string(scope.arguments.size()), " ", arguments}),
       "/bin/sh -c ", instruction.arguments});
  Step step{Concat({"RUN ", instruction.arguments}),
            Concat({"RUN ", shell, " # buildkit"}),
            instruction.line,
            {OperationDigest({"run", instruction.arguments, environment, scope.workdir,
                              scope.platform.ToString()}),
             {},
             {},
             false},
            {},
            true};
  std::string below;
  if (scope.state.record != kNoRecord) {
    step.record.inputs.push_back({{scope.state.record, ""}});
    below = graph_.Identity(scope.state.record).ToString();
  }
  const std::string text = Concat({"RUN ", instruction.arguments, "\n", environment, "platform ",
                                   scope.platform.ToString(), "\nbelow ", below, "\n"});
  Rng filler(StableHash(0, text));
  const std::string name = Digest::Of(text).Short();
  step.files.emplace(
      Concat({"var/lib/run/", name}),
      FileNode{FileNode::Kind::kFile, false,
               std::make_shared<const std::string>(text + filler.Hex(kRunFileBytes))});
  return Finish(scope, step);
}

Status Solver::Finish(Scope& scope, const Step& step) {
  CacheRecord record = step.record;
  const std::size_t index = graph_.Add(std::move(record));
  const Digest& identity = graph_.Identity(index);
  const auto vertex = BeginStep(scope, ++scope.step, step.text);
  const Layer* known = nullptr;
  if (const auto made = made_.find(identity); made != made_.end()) {
    known = &made->second;
  } else if (!spec_.no_cache) {
    const auto imported = imported_.find(identity);
    known = imported == imported_.end() ? tools_.store.Recall(identity) : &imported->second;
  }
  if (known != nullptr) {
    tools_.progress.Cached(vertex);
    made_.emplace(identity, *known);
  } else {
    Result<Layer> layer = Execute(scope, step, vertex);
    if (!layer) {
      tools_.progress.Fail(vertex, layer.error().message());
      return step.run ? layer.error() : layer.error().At("failed to compute cache key");
    }
    tools_.progress.Done(vertex);
    made_.emplace(identity, *layer);
  }
  const Layer& layer = made_.at(identity);
  tools_.store.Remember(identity, layer);
  for (const auto& [path, node] : step.files) {
    scope.state.files.insert_or_assign(path, node);
  }
  scope.state.layers.push_back(layer);
  scope.state.record = index;
  scope.state.records.push_back(index);
  graph_.At(index).chain = scope.state.layers;
  scope.state.config.AddHistory({step.created_by, false});
  return Ok{};
}

Result<Layer> Solver::Execute(Scope& scope, const Step& step, Progress::Vertex vertex) {
  for (const Layer& below : scope.state.layers) {
    const bool lazy = tools_.store.Find(below.digest) == nullptr;
    const Result<BuilderStore::Bytes> bytes =
        LayerBytes(below, tools_.registries, tools_.store, tools_.progress, vertex);
    if (!bytes) {
      return bytes.error();
    }
    if (lazy) {
      const std::string size = Size(below.size);
      tools_.progress.Note(vertex,
                           Concat({below.digest.ToString(), " ", size, " / ", size, " done"}));
    }
  }
  if (step.run && !run_time_passed_) {
    run_time_passed_ = true;  // platforms run side by side
    if (Status slept = tools_.world.clock().SleepFor(spec_.run_time); !slept) {
      return slept.error();
    }
  }
  PackedLayer packed = PackLayer(step.files, tools_.world.clock().Now());
  tools_.store.Put(packed.layer.digest, packed.bytes);
  return packed.layer;
}

}  // namespace drydock::simulator::buildkit
