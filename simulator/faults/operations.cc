#include "simulator/faults/operations.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace drydock::simulator {
namespace {

// clang-format off
constexpr std::array<OperationFacts, 34> kOperations = {{
    // name              methods        repository tag    digest session request response
    {"ping",             "GET HEAD",    false,     false, false, false,  false,  true},
    {"token",            "GET POST",    false,     false, false, false,  true,   true},
    {"catalog",          "GET",         false,     false, false, false,  false,  true},
    {"tags.list",        "GET",         true,      false, false, false,  false,  true},
    {"referrers",        "GET",         true,      false, true,  false,  false,  true},
    {"blob.head",        "HEAD",        true,      false, true,  false,  false,  false},
    {"blob.get",         "GET",         true,      false, true,  false,  false,  true},
    {"blob.delete",      "DELETE",      true,      false, true,  false,  false,  true},
    {"upload.start",     "POST",        true,      false, true,  false,  true,   true},
    {"upload.mount",     "POST",        true,      false, true,  false,  false,  true},
    {"upload.patch",     "PATCH",       true,      false, false, true,   true,   true},
    {"upload.status",    "GET",         true,      false, false, true,   false,  true},
    {"upload.commit",    "PUT",         true,      false, true,  true,   true,   true},
    {"upload.cancel",    "DELETE",      true,      false, false, true,   false,  true},
    {"manifest.head",    "HEAD",        true,      true,  true,  false,  false,  false},
    {"manifest.get",     "GET",         true,      true,  true,  false,  false,  true},
    {"manifest.put",     "PUT",         true,      true,  true,  false,  true,   true},
    {"manifest.delete",  "DELETE",      true,      true,  true,  false,  false,  true},
    {"cdn.get",          "GET HEAD",    false,     false, true,  false,  false,  true},
    {"npm.package",      "GET HEAD",    true,      false, false, false,  false,  true},
    {"npm.version",      "GET HEAD",    true,      true,  false, false,  false,  true},
    {"npm.dist-tags",    "GET HEAD",    true,      false, false, false,  false,  true},
    {"npm.tarball",      "GET HEAD",    true,      true,  false, false,  false,  true},
    {"hub.login",        "POST",        false, false, false, false,  true,   true},
    {"hub.repository.get", "GET HEAD",    true,  false, false, false,  false,  true},
    {"hub.repository.patch", "PATCH",       true,  false, false, false,  true,   true},
    {"hub.tags",         "GET HEAD",    true,  false, false, false,  false,  true},
    {"forge.commits",    "GET HEAD",    true,  true,  false, false,  false,  true},
    {"forge.branch",     "GET HEAD",    true,  true,  false, false,  false,  true},
    {"forge.tag",        "GET HEAD",    true,  true,  false, false,  false,  true},
    {"forge.runs",       "GET HEAD",    true,  false, false, false,  false,  true},
    {"forge.run",        "GET HEAD",    true,  true,  false, false,  false,  true},
    {"forge.jobs",       "GET HEAD",    true,  true,  false, false,  false,  true},
    {"forge.log",        "GET HEAD",    true,  true,  false, false,  false,  true},
}};
// clang-format on

bool HasMethod(const OperationFacts& operation, const std::vector<std::string>& methods) {
  const auto own = Split(operation.methods, ' ');
  return methods.empty() || std::any_of(methods.begin(), methods.end(), [&](const auto& method) {
           return std::find(own.begin(), own.end(), method) != own.end();
         });
}

}  // namespace

std::span<const OperationFacts> AllOperations() { return kOperations; }

std::vector<const OperationFacts*> FittingOperations(const std::vector<std::string>& globs,
                                                     const std::vector<std::string>& methods) {
  std::vector<const OperationFacts*> fitting;
  for (const OperationFacts& operation : kOperations) {
    const bool named = globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const auto& g) {
                         return GlobMatches(g, operation.name);
                       });
    if (named && HasMethod(operation, methods)) {
      fitting.push_back(&operation);
    }
  }
  return fitting;
}

}  // namespace drydock::simulator
