#include "publisher/release/hand_over.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace drydock::publisher {
namespace {

// The text behind `words`, without " done" and the time before it; "" unless the line has both.
std::string_view DoneWith(std::string_view line, std::string_view words) {
  constexpr std::string_view kDone = " done";
  const std::size_t at = line.find(words);
  if (at == std::string_view::npos || !line.ends_with(kDone)) {
    return "";
  }
  const std::string_view rest = line.substr(at + words.size());
  return rest.substr(0, rest.find(' '));
}

}  // namespace

bool SaysHandOverFailed(std::string_view log) {
  constexpr std::array<std::string_view, 4> kWords = {
      "GHESNotSupportedError", "Artifact upload failed with error",
      "Unable to download artifact(s)", "Unable to find any artifacts for the associated workflow"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view words) { return Contains(log, words); });
}

std::vector<std::string> PushedByDigest(std::string_view log) {
  std::vector<std::string> images;
  std::string digest;  // of what is exported: the list, which comes last, or the one manifest
  for (const std::string& text : Split(log, '\n')) {
    const std::string_view line = Trim(text);
    if (Contains(line, "[internal] pushing ")) {
      return {};
    }
    for (const std::string_view words : {"exporting manifest ", "exporting manifest list "}) {
      const std::string_view told = DoneWith(line, words);
      digest = told.starts_with("sha256:") ? std::string(told) : digest;
    }
    const std::string_view name = DoneWith(line, "pushing manifest for ");
    if (name.empty() || digest.empty() || Contains(name, "@")) {
      continue;
    }
    std::string image = Concat({name, "@", digest});
    if (std::find(images.begin(), images.end(), image) == images.end()) {
      images.push_back(std::move(image));
    }
  }
  return images;
}

std::string HandOverSummary(const std::vector<std::string>& images) {
  const std::size_t count = images.size();
  constexpr std::string_view kWhat =
      "The forge refused the artifacts by which jobs hand digests to the job that merges them, so "
      "no tag was made. Builds and pushes are right: the registry holds ";
  return Concat(
      {kWhat, std::to_string(count), count == 1 ? " digest" : " digests", " without a tag."});
}

std::vector<std::string> HandOverNext(bool elsewhere) {
  std::vector<std::string> next;
  if (!elsewhere) {
    next.emplace_back(
        "Publish from the host, which hands nothing over: drydock publish RELEASE.json");
  }
  next.emplace_back(
      "Push all platforms of a variant in one job, or hand over with v3 of the artifact actions; a "
      "rerun as it is fails alike. Release the next letter.");
  next.emplace_back(
      "What is there has no tag, so nobody pulls it: leave it (what is published later finds its "
      "layers), delete it by digest, or merge a variant's digests by hand: "
      "docker buildx imagetools create -t NAME:TAG NAME@DIGEST …");
  return next;
}

}  // namespace drydock::publisher
