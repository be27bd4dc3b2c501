#include "publisher/build/credential_helper.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "publisher/build/child_process.h"

namespace drydock::publisher {
namespace {

constexpr std::string_view kNothingKept = "credentials not found";  // in every helper's words

// A name is part of a program's name: no path leads out of PATH.
bool IsHelperName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

Result<std::optional<Credential>> AskCredentialHelper(std::string_view name,
                                                      std::string_view registry) {
  if (!IsHelperName(name)) {
    return Error(ErrorCode::kInvalid, Concat({"no name of a credential helper: ", name}));
  }
  const std::string program = Concat({"docker-credential-", name});
  const auto done = RunChild({program, "get"}, {}, CredentialHelperKey(registry) + "\n");
  if (!done) {
    return done.error();
  }
  if (done->exit_code != 0) {
    if (Contains(done->output, kNothingKept) || Contains(done->diagnostics, kNothingKept)) {
      return std::optional<Credential>();
    }
    return Error(ErrorCode::kUnavailable,
                 Concat({program, ": exit code ", std::to_string(done->exit_code), ": ",
                         Trim(done->diagnostics)}));
  }
  auto credential = ReadHelperAnswer(done->output);
  if (!credential) {
    return Error(ErrorCode::kUnavailable, Concat({program, ": ", credential.error().message()}));
  }
  return std::optional(std::move(*credential));
}

}  // namespace drydock::publisher
