// One `docker buildx build --push`, from the command line to its exit code.
#include "simulator/buildkit/build.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/text.h"
#include "simulator/buildkit/fetcher.h"

namespace drydock::simulator::buildkit {
namespace {

// The Dockerfile around the failed line, as buildx shows it.
std::string Excerpt(const std::string& name, const std::vector<std::string>& lines,
                    std::size_t line) {
  if (line == 0 || line > lines.size()) {
    return "";
  }
  constexpr int kPadding = 4;
  constexpr std::string_view kRule = "--------------------\n";
  std::size_t first = line;
  std::size_t last = line;
  for (int padded = 0; padded < kPadding; ++padded) {
    if (first > 1) {
      --first;
      ++padded;
    }
    if (last != lines.size()) {
      ++last;
      ++padded;
    }
  }
  std::string text = Concat({name, ":", std::to_string(line), "\n", kRule});
  for (std::size_t i = first; i <= last; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, number.size() < 3 ? 3 - number.size() : 0, ' ');
    text += Concat({" ", number, " | ", i == line ? ">>>" : "   ", " ", lines[i - 1], "\n"});
  }
  return text += kRule;
}

// BuildKit 0.28 and later, which export image and cache side by side, also push the blobs of a
// cache side by side (moby/buildkit 6451).
constexpr std::size_t kParallelCacheLanes = 4;

Result<std::string> ReadDockerfile(const BuildSpec& spec) {
  std::ifstream file(std::filesystem::path(spec.context) / spec.dockerfile, std::ios::binary);
  if (!file) {
    return Error(ErrorCode::kNotFound, Concat({"failed to read dockerfile: open ", spec.dockerfile,
                                               ": no such file or directory"}));
  }
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

}  // namespace

Build::Build(Solver::Tools tools, const BuildSpec& spec, const BuildxOptions& options, Rng rng)
    : tools_(tools),
      spec_(spec),
      options_(options),
      rng_(rng),
      exporter_(tools, work_, options.parallel_export ? kParallelCacheLanes : 1),
      started_(tools.world.clock().Now()) {}

Result<CommandResult> Build::Run() {
  Progress& progress = tools_.progress;
  progress.Line("#0 building with \"drydock\" instance using docker-container driver");
  const Status status = Parse();
  Status built = status ? Solve() : status;
  if (built) {
    built = Export();
  }
  if (!built && built.error().code() == ErrorCode::kCancelled) {
    return built.error();
  }
  CommandResult result;
  result.exit_code = built ? 0 : 1;
  result.log = progress.Report();
  if (built) {
    result.digest = digest_;
    return result;
  }
  if (solver_ != nullptr) {
    result.log += Excerpt(spec_.dockerfile, lines_, solver_->failed_line());
  }
  const std::string_view prefix = status ? "failed to solve: " : "";
  result.log += Concat({"ERROR: ", prefix, built.error().message(), "\n"});
  return result;
}

Status Build::Parse() {
  for (const std::string& tag : spec_.tags) {
    Result<ImageReference> parsed = ImageReference::Parse(tag);
    if (!parsed) {
      return Error(ErrorCode::kInvalid,
                   Concat({"invalid tag \"", tag, "\": invalid reference format"}));
    }
    tags_.push_back(std::move(*parsed));
  }
  for (const auto& [texts, options] :
       {std::pair(&spec_.cache_from, &cache_from_), std::pair(&spec_.cache_to, &cache_to_)}) {
    for (const std::string& text : *texts) {
      Result<CacheOption> parsed = ParseCacheOption(text);
      if (!parsed) {
        return parsed.error();
      }
      options->push_back(std::move(*parsed));
    }
  }
  return Ok{};
}

Status Build::Solve() {
  Progress& progress = tools_.progress;
  const auto definition =
      progress.Begin(Concat({"[internal] load build definition from ", spec_.dockerfile}));
  const Result<std::string> text = ReadDockerfile(spec_);
  if (!text) {
    progress.Fail(definition, text.error().message());
    return text.error();
  }
  progress.Note(definition,
                Concat({"transferring dockerfile: ", std::to_string(text->size()), "B done"}));
  progress.Done(definition);
  Result<Dockerfile> file = ParseDockerfile(*text);
  if (!file) {
    return file.error();
  }
  lines_ = file->lines;
  solver_ = std::make_unique<Solver>(tools_, spec_, std::move(*file));
  if (Status bases = solver_->LoadBases(); !bases) {
    return bases;
  }
  const auto ignore = progress.Begin("[internal] load .dockerignore");
  progress.Note(ignore, "transferring context: 2B done");
  progress.Done(ignore);
  for (const CacheOption& option : cache_from_) {
    if (Status imported = Import(option); !imported) {
      return imported;
    }
  }
  const auto context = progress.Begin("[internal] load build context");
  progress.Note(context, "transferring context: done");
  progress.Done(context);
  Result<std::vector<BuiltImage>> images = solver_->Solve();
  if (!images) {
    return images.error();
  }
  images_ = std::move(*images);
  return Ok{};
}

// Whatever goes wrong here is only a message: the build goes on without this cache.
Status Build::Import(const CacheOption& option) {
  const std::string name = FullName(option.reference);
  const auto vertex = tools_.progress.Begin(Concat({"importing cache manifest from ", name}));
  Status read = ReadCacheFrom(option, vertex);
  if (read) {
    tools_.progress.Done(vertex);
    return Ok{};
  }
  if (read.error().code() == ErrorCode::kCancelled) {
    return read;
  }
  tools_.progress.Fail(vertex, read.error().message());
  return Ok{};
}

Status Build::ReadCacheFrom(const CacheOption& option, Progress::Vertex vertex) {
  const ImageReference& reference = option.reference;
  Fetcher fetcher(tools_.registries.At(reference.registry), reference.repository);
  const Result<Descriptor> top = fetcher.Resolve(reference);
  if (!top) {
    return top.error().At("failed to configure registry cache importer");
  }
  const Result<std::string> manifest = fetcher.Manifest(*top);
  if (!manifest) {
    return manifest.error();
  }
  Children children = ReadChildren(*manifest);
  std::optional<Descriptor> config = children.config;
  if (!config && !children.entries.empty()) {  // the index form ends with the config
    config = children.entries.back();
    children.entries.pop_back();
  }
  if (!config) {
    return Error(ErrorCode::kInvalid, "cache manifest without a config");
  }
  tools_.progress.Note(vertex,
                       Concat({"inferred cache manifest type: ", top->media_type, " done"}));
  const Result<std::string> text = fetcher.SmallBlob(*config);
  if (!text) {
    return text.error();
  }
  solver_->Import(
      ReadCache(*text, children.entries, FullName(reference), FullRepository(reference)));
  return Ok{};
}

Status Build::Export() {
  Progress& progress = tools_.progress;
  const auto vertex = progress.Begin("exporting to image");
  const ImageFacts facts = {tags_.empty() ? "" : FullName(tags_.front()),
                            spec_.dockerfile,
                            spec_.provenance,
                            rng_.Fork("provenance").Hex(12),
                            started_,
                            tools_.world.clock().Now()};
  const AssembledImage image = exporter_.Assemble(images_, facts, vertex);
  digest_ = image.top.descriptor.digest;
  if (!options_.parallel_export || cache_to_.empty()) {
    Status pushed = PushImage(image, vertex);
    for (const CacheOption& option : cache_to_) {
      pushed = pushed ? ExportCache(option) : pushed;
    }
    return pushed;
  }
  Status image_status = Ok{};
  Status cache_status = Ok{};
  const std::string actor = tools_.world.CurrentActor();
  std::vector<World::Task> tasks;
  tasks.emplace_back(actor, [&] { image_status = PushImage(image, vertex); });
  tasks.emplace_back(actor, [&] {
    for (const CacheOption& option : cache_to_) {
      cache_status = cache_status ? ExportCache(option) : cache_status;
    }
  });
  tools_.world.RunTogether(std::move(tasks));
  const bool echo = !image_status && image_status.error().code() == ErrorCode::kConflict;
  return image_status || (echo && !cache_status) ? cache_status : image_status;
}

Status Build::PushImage(const AssembledImage& image, Progress::Vertex vertex) {
  return Settle(vertex, exporter_.PushImage(image, tags_, spec_.push_by_digest, vertex));
}

Status Build::ExportCache(const CacheOption& option) {
  const auto vertex = tools_.progress.Begin("exporting cache to registry");
  if (option.ignore_error) {
    Undertaking own;
    const Status exported =
        Exporter(tools_, own, options_.parallel_export ? kParallelCacheLanes : 1)
            .ExportCache(solver_->graph(), option, vertex);
    const Status settled = Settle(vertex, exported, own);
    return !settled && settled.error().code() == ErrorCode::kCancelled ? settled : Ok{};
  }
  return Settle(vertex, exporter_.ExportCache(solver_->graph(), option, vertex));
}

Status Build::Settle(Progress::Vertex vertex, Status status) {
  return Settle(vertex, std::move(status), work_);
}

Status Build::Settle(Progress::Vertex vertex, Status status, Undertaking& work) {
  if (status) {
    tools_.progress.Done(vertex);
  } else if (status.error().code() == ErrorCode::kConflict) {
    tools_.progress.Cancel(vertex);
  } else {
    work.stopped = true;
    tools_.progress.Fail(vertex, status.error().message());
  }
  return status;
}

}  // namespace drydock::simulator::buildkit
