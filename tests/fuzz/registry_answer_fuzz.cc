// An answer that a publisher has to make sense of. The input's first line is the method, the second
// the status, the third the Retry-After field, the fourth the WWW-Authenticate field; the rest is
// the body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/text.h"
#include "publisher/registry/failure.h"

using drydock::Duration;
using drydock::ParseUnsigned;
using drydock::TimePoint;
using drydock::publisher::AnswerSeen;
using drydock::publisher::ClassifyAnswer;
using drydock::publisher::ClassifyTokenAnswer;
using drydock::publisher::Failure;
using drydock::publisher::NextMove;
using drydock::publisher::Persistence;

namespace {

std::string TakeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void Check(const Failure& failure) {
  const bool goes_on = failure.next != NextMove::kStop && failure.next != NextMove::kFallBack &&
                       failure.next != NextMove::kSkip;
  const bool one_line = std::none_of(failure.words.begin(), failure.words.end(),
                                     [](char c) { return static_cast<unsigned char>(c) < ' '; });
  if ((goes_on && failure.persistence == Persistence::kDeterministic) || !one_line ||
      failure.words.size() > 400 || (failure.retry_after && *failure.retry_after <= Duration(0))) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kTextMax = 65536;
  if (size > kTextMax) {
    return 0;
  }
  std::string_view text(reinterpret_cast<const char*>(data), size);
  AnswerSeen seen;
  seen.method = TakeLine(text);
  seen.url = "https://registry.test/v2/";
  seen.status = static_cast<int>(ParseUnsigned(TakeLine(text)).value_or(500) % 1000);
  seen.headers.Add("Retry-After", TakeLine(text));
  seen.headers.Add("WWW-Authenticate", TakeLine(text));
  seen.body = std::string(text);
  const TimePoint now(std::chrono::seconds(1779948000));
  Check(ClassifyAnswer(seen, now));
  Check(ClassifyTokenAnswer(seen, now));
  return 0;
}
