#include "publisher/registry/failure.h"

#include <array>

#include "core/text.h"

namespace drydock::publisher {
namespace {

// "registry answered 403 DENIED", "network: no answer", "builder".
std::string WhoSaidWhat(const Failure& failure) {
  const std::string who(Name(failure.answerer));
  if (failure.status != 0) {
    std::string said = Concat({who, " answered ", std::to_string(failure.status)});
    return failure.code.empty() ? said : Concat({said, " ", failure.code});
  }
  if (failure.answerer == Answerer::kNetwork && !failure.method.empty()) {
    return who + ": no answer";
  }
  return failure.code.empty() ? who : Concat({who, " said ", failure.code});
}

}  // namespace

std::string_view Name(Answerer answerer) {
  constexpr std::array<std::string_view, 9> kNames = {
      "registry",         "edge",    "proxy",   "token service", "registry tier",
      "package registry", "network", "builder", "local"};
  return kNames[static_cast<std::size_t>(answerer)];
}

std::string_view Name(Persistence persistence) {
  return persistence == Persistence::kTransient ? "transient" : "deterministic";
}

std::string_view Name(NextMove next) {
  constexpr std::array<std::string_view, 9> kNames = {"retry",     "wait",   "re-authenticate",
                                                      "probe",     "resume", "restart",
                                                      "fall back", "skip",   "stop"};
  return kNames[static_cast<std::size_t>(next)];
}

std::string_view Name(BodyKind kind) {
  constexpr std::array<std::string_view, 7> kNames = {"unknown", "empty", "registry-json", "json",
                                                      "html",    "xml",   "text"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string Failure::ToString() const {
  std::string text = WhoSaidWhat(*this);
  if (!method.empty()) {
    text += Concat({" to ", method, url.empty() ? "" : " ", url});
  }
  if (!words.empty()) {
    text += ": " + words;
  }
  if (cancelled) {
    return text + " (stopped)";
  }
  text += Concat({" (", Name(persistence)});
  if (attempts > 1) {
    text += Concat({", after ", std::to_string(attempts), " attempts"});
  }
  return text + ")";
}

Failure LocalFailure(std::string words, std::string advice) {
  Failure failure;
  failure.words = std::move(words);
  failure.advice = std::move(advice);
  return failure;
}

}  // namespace drydock::publisher
