// Which kind of trouble the attempts show, and what the two paths do not have in common.
// Source: opencode-devbox.md section 9; runbook "After: capture diagnostic value", point 2.
#include "publisher/release/trouble.h"

#include <set>
#include <string>
#include <string_view>

#include "core/text.h"
#include "publisher/release/hand_over.h"

namespace drydock::publisher {
namespace {

constexpr std::string_view kNotTold = "not told";

bool SaysTestFailed(std::string_view log) {
  for (const std::string& line : Split(log, '\n')) {
    const std::string lower = ToLower(line);
    const bool test =
        Contains(lower, "smoke") || Contains(lower, " test") || lower.starts_with("test");
    const bool red = Contains(lower, "[fail]") || lower.starts_with("fail") ||
                     Contains(lower, "test failed") || Contains(lower, "assertion failed");
    if (test && red) {
      return true;
    }
  }
  return false;
}

// How one failed attempt failed.
Trouble TroubleOf(const Attempt& attempt) {
  if (attempt.exchange) {
    return Trouble::kPublishPath;
  }
  if (attempt.log.empty()) {
    return Trouble::kUnclear;
  }
  const Failure failure = ClassifyBuildLog(attempt.log, 1);
  switch (failure.answerer) {
    case Answerer::kPackageRegistry:
      return Trouble::kUpstreamNotReady;
    case Answerer::kBuilder:
    case Answerer::kLocal:
      return SaysTestFailed(attempt.log) ? Trouble::kTest : Trouble::kWorkflow;
    default:
      return Trouble::kPublishPath;
  }
}

using Values = std::set<std::string>;

std::string Told(const Values& values) {
  return values.empty() ? std::string(kNotTold)
                        : Join(std::vector<std::string>(values.begin(), values.end()), ", ");
}

// What the attempts of one path say about `what`.
Values ValuesOf(const std::vector<Attempt>& attempts, std::string_view path,
                std::string_view what) {
  Values values;
  for (const Attempt& attempt : attempts) {
    for (const auto& [name, value] : attempt.facts) {
      if (attempt.path == path && name == what) {
        values.insert(value);
      }
    }
  }
  return values;
}

Values CacheExportOf(const std::vector<Attempt>& attempts, std::string_view path) {
  Values values;
  for (const Attempt& attempt : attempts) {
    if (attempt.path == path) {
      values.insert(attempt.cache_export ? "on" : "off");
    }
  }
  return values;
}

}  // namespace

bool FailedAtHandOver(const Attempt& attempt) {
  return SaysHandOverFailed(attempt.log) && !PushedByDigest(attempt.log).empty() &&
         TroubleOf(attempt) == Trouble::kWorkflow;
}

Trouble KindOfTrouble(const std::vector<Attempt>& attempts, Persistence persistence,
                      bool went_away) {
  std::set<Trouble> kinds;
  for (const Attempt& attempt : attempts) {
    if (!attempt.succeeded) {
      kinds.insert(TroubleOf(attempt));
    }
  }
  if (kinds.empty()) {
    return Trouble::kNone;
  }
  if (kinds.size() > 1) {
    return Trouble::kUnclear;
  }
  const bool transient = went_away || persistence == Persistence::kTransient;
  const bool on_the_wire = *kinds.begin() == Trouble::kPublishPath;
  return transient && on_the_wire ? Trouble::kTransient : *kinds.begin();
}

std::vector<Difference> DifferencesOf(const std::vector<Attempt>& attempts) {
  const Values ci = CacheExportOf(attempts, "ci");
  const Values host = CacheExportOf(attempts, "host");
  if (ci.empty() || host.empty()) {
    return {};
  }
  std::vector<Difference> differences;
  if (ci != host) {
    differences.push_back({"cache export", Join({ci.begin(), ci.end()}, " and "),
                           Join({host.begin(), host.end()}, " and ")});
  }
  Values names;
  for (const Attempt& attempt : attempts) {
    for (const auto& [name, value] : attempt.facts) {
      names.insert(name);
    }
  }
  for (const std::string& name : names) {
    const Values in_ci = ValuesOf(attempts, "ci", name);
    const Values on_host = ValuesOf(attempts, "host", name);
    if (in_ci != on_host) {
      differences.push_back({name, Told(in_ci), Told(on_host)});
    }
  }
  return differences;
}

std::string_view Name(Trouble trouble) {
  switch (trouble) {
    case Trouble::kNone:
      return "none";
    case Trouble::kTransient:
      return "transient";
    case Trouble::kPublishPath:
      return "deterministic on the publish path";
    case Trouble::kWorkflow:
      return "workflow bug";
    case Trouble::kUpstreamNotReady:
      return "upstream not ready";
    case Trouble::kTest:
      return "test bug";
    case Trouble::kUnclear:
      break;
  }
  return "unclear";
}

std::string_view NotThePath(Trouble trouble) {
  switch (trouble) {
    case Trouble::kWorkflow:
      return "The build itself failed, not the way to the registry: "
             "publishing from elsewhere fails alike.";
    case Trouble::kUpstreamNotReady:
      return "A package that the build takes is announced and cannot be fetched; the code and the "
             "way to the registry are right.";
    case Trouble::kTest:
      return "A test is red, not the build and not the way to the registry.";
    default:
      return "";
  }
}

std::string_view RemedyOf(Trouble trouble) {
  switch (trouble) {
    case Trouble::kWorkflow:
      return "Fix the step that failed and release the next letter.";
    case Trouble::kUpstreamNotReady:
      return "Wait until the package can be fetched, or take the newer version; then run it again.";
    default:
      return "Fix the test, or the order in which it runs, and run it again.";
  }
}

}  // namespace drydock::publisher
