// A workflow that pushes each platform by digest hands the digests from job to job as artifacts.
// When the forge refuses those, what was pushed has no tag: what logs tell of that. A private
// header of diagnosis.cc. Threads: pure functions. Source: opencode-devbox 5.2;
// go-gitea/gitea#31256, #36024 (words of the artifact actions).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drydock::publisher {

// Whether an artifact action failed, by its own words.
bool SaysHandOverFailed(std::string_view log);

// The images that the builds in this log pushed under their digests alone, "NAME@DIGEST", each once
// in the order pushed. None when digests were merged in it, too: some of them may have tags.
std::vector<std::string> PushedByDigest(std::string_view log);

// What a diagnosis says of it; `images` are those of all logs, at least one.
std::string HandOverSummary(const std::vector<std::string>& images);
// What to do. `elsewhere`: a publish that needs no artifact has worked.
std::vector<std::string> HandOverNext(bool elsewhere);

}  // namespace drydock::publisher
