// What the names of operations mean to a rule: which parts of an exchange exist there, so that a
// rule that could never match is found when it is read.
// Threads: constants. Source: incidents.md section 1; simulator/registry/route.h has the registry's
// names and a test holds the two together.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::simulator {

struct OperationFacts {
  std::string_view name;
  std::string_view methods;  // separated by blanks
  bool repository = false;
  bool tag = false;     // the reference may be a tag (or an npm version)
  bool digest = false;  // the reference may be a digest
  bool session = false;
  bool request_body = false;
  bool response_body = false;  // a successful answer may have one
};

std::span<const OperationFacts> AllOperations();

// The operations that fit one of the globs and one of the methods; empty lists take everything.
std::vector<const OperationFacts*> FittingOperations(const std::vector<std::string>& globs,
                                                     const std::vector<std::string>& methods);

}  // namespace drydock::simulator
