#include "publisher/build/layout_builder.h"

#include <optional>
#include <utility>

#include "core/json.h"
#include "core/text.h"
#include "publisher/registry/revision_label.h"

namespace drydock::publisher {
namespace {

constexpr std::uint64_t kConfigBytesMax = std::uint64_t{4} << 20;

Result<BuildOutcome> Failed(Failure failure) {
  if (failure.cancelled) {
    return Error(ErrorCode::kCancelled, failure.words);
  }
  BuildOutcome outcome;
  outcome.exit_code = 1;
  outcome.log = Concat({"ERROR: ", failure.ToString(), "\n"});
  outcome.failure = std::move(failure);
  return outcome;
}

// A prebuilt image that says it is of another commit than the one that is published.
std::optional<Failure> OtherRevision(const LayoutImage& image, const BuildRequest& request) {
  const auto wanted = request.labels.find(std::string(kRevisionLabel));
  if (wanted == request.labels.end()) {
    return std::nullopt;
  }
  for (const Manifest& manifest : image.manifests) {
    const auto parsed = json::Parse(manifest.bytes, request.layout);
    const json::Value* config = parsed ? parsed->Find("config") : nullptr;
    const auto digest =
        Digest::Parse(config == nullptr ? std::string_view() : config->Text("digest"));
    const LayoutBlob* blob = digest ? image.FindBlob(*digest) : nullptr;
    if (blob == nullptr || blob->size > kConfigBytesMax) {
      continue;
    }
    const auto text = json::ParseFile(blob->path);
    const auto revision = text ? RevisionIn(*text) : std::nullopt;
    if (revision && !IsRevisionOf(*revision, wanted->second)) {
      return LocalFailure(
          Concat({request.layout, ": its images say that they are of commit ", *revision, ", and ",
                  wanted->second, " is published (label ", kRevisionLabel, ")"}),
          "Build the layout again from the release tag.");
    }
  }
  return std::nullopt;
}

}  // namespace

LayoutBuilder::LayoutBuilder(Surroundings surroundings, PushOptions options)
    : with_(std::move(surroundings)), options_(std::move(options)) {}

Result<BuildOutcome> LayoutBuilder::Build(const BuildRequest& request) {
  const std::string folder = Concat({request.context, "/", request.layout});
  const std::string tag = request.tags.empty() ? "" : request.tags.front().tag.value_or("");
  auto image = ReadLayoutImage(folder, "");
  if (!image) {
    auto named = ReadLayoutImage(folder, tag);
    if (!named) {
      return Failed(LocalFailure(image.error().message(), "Build the layout first."));
    }
    image = std::move(named);
  }
  if (request.expected && image->top().digest != *request.expected) {
    return Failed(LocalFailure(Concat({folder, " is ", image->top().digest.ToString(),
                                       ", expected ", request.expected->ToString()}),
                               "Bring the layout back that the release began with."));
  }
  if (auto other = OtherRevision(*image, request)) {
    return Failed(std::move(*other));
  }
  const auto transport = with_.lanes.connect();
  Pusher pusher(*transport, with_.lanes, with_.clock,
                with_.rng.Fork(Concat({"push ", std::to_string(++builds_)})), with_.journal,
                with_.run, options_);
  for (const ImageReference& to : request.tags) {
    const auto pushed = pusher.Push(*image, to);
    if (!pushed) {
      return Failed(pushed.failure());
    }
  }
  BuildOutcome outcome;
  outcome.digest = image->top().digest;
  outcome.pushed = std::move(image->manifests);
  return outcome;
}

}  // namespace drydock::publisher
