#include "publisher/build/layout_builder.h"

#include <utility>

#include "core/text.h"

namespace drydock::publisher {
namespace {

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
