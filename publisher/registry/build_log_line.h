// What one line of a builder's log says about a request: the answer it quotes, or the registry's
// own words. Each client has its phrases; these are those of buildx, docker, buildah, skopeo, oras
// and crane. Threads: pure functions. Source: tests/captures/client-errors.jsonl.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "publisher/registry/failure.h"

namespace drydock::publisher {

// "#8 0.213 text" and, in the excerpt at the end, "0.213 text": what a build step printed itself.
bool IsStepOutput(std::string_view line);

// The message without what clients put around it ("ERROR: failed to solve: ", "level=fatal msg=").
std::string_view Message(std::string_view line);

struct AnswerTold {
  AnswerSeen seen;         // what the line does not tell is left empty
  bool body_told = false;  // `seen.body` holds the beginning of the answer's body
};
// The answer whose status the line gives; nullopt when it gives none.
std::optional<AnswerTold> ToldAnswer(std::string_view line);

// A registry's own words, and the code and status that stand behind them.
struct Saying {
  std::string_view words;
  std::string_view code;
  int status;
};
// The first of the known sayings that is a link in the message's chain of ": "; else nullptr.
const Saying* FindSaying(std::string_view message);

// The method of the request that the line describes in words; "" when there is none.
std::string MethodInWords(std::string_view line);
// The URL that the line quotes; "" when there is none.
std::string UrlInWords(std::string_view line);

}  // namespace drydock::publisher
