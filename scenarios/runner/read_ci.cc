// CI workflows as a scenario file writes them.
#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/reader.h"

namespace drydock::scenarios::reading {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;
using script::JobKind;

constexpr std::size_t kJobsMost = 100;

struct Kind {
  std::string_view name;
  JobKind kind;
  bool each_variant;
  bool each_platform = false;
};
constexpr std::array<Kind, 10> kKinds = {{
    {"resolve-versions", JobKind::kResolveVersions, false},
    {"base-decide", JobKind::kBaseDecide, false},
    {"build-base", JobKind::kBuildBase, false},
    {"smoke", JobKind::kSmoke, true},
    {"build-variant", JobKind::kBuildVariant, true},
    {"push-digest", JobKind::kPushDigest, true, true},
    {"merge-digests", JobKind::kMergeDigests, true},
    {"promote-base-latest", JobKind::kPromoteBaseLatest, false},
    {"update-description", JobKind::kUpdateDescription, false},
    {"validate", JobKind::kValidate, true},
}};

bool Names(const script::CiWorkflow& workflow, std::string_view job) {
  return std::any_of(workflow.jobs.begin(), workflow.jobs.end(),
                     [&](const script::Job& each) { return each.name == job; });
}

// Whether the forge knows the left side of a condition.
bool IsKnown(std::string_view left, const script::CiWorkflow& before) {
  constexpr std::string_view kNeeds = "needs.";
  constexpr std::string_view kExists = ".outputs.exists";
  if (left.starts_with(kNeeds) && left.ends_with(kExists)) {
    left.remove_prefix(kNeeds.size());
    left.remove_suffix(kExists.size());
    return Names(before, left);
  }
  return left == "github.ref_type" || left == "github.ref_name" ||
         (left.starts_with("env.") && left.size() > std::string_view("env.").size());
}

std::optional<script::Condition> ReadCondition(const std::string& text,
                                               const script::CiWorkflow& before) {
  for (const std::string_view sign : {" == '", " != '"}) {
    const std::size_t at = text.find(sign);
    if (at == std::string::npos || text.size() <= at + sign.size() || !text.ends_with('\'')) {
      continue;
    }
    script::Condition condition;
    condition.left = text.substr(0, at);
    condition.equal = sign[1] == '=';
    condition.right = text.substr(at + sign.size());
    condition.right.pop_back();
    return IsKnown(condition.left, before) ? std::optional(condition) : std::nullopt;
  }
  return std::nullopt;
}

bool HandsOver(const script::Job& job) {
  return job.kind == JobKind::kPushDigest || job.kind == JobKind::kMergeDigests;
}

// Whether one of what it needs pushes the digests that it is to merge.
bool NeedsDigests(const script::Job& job, const script::CiWorkflow& before) {
  return std::any_of(before.jobs.begin(), before.jobs.end(), [&](const script::Job& each) {
    return each.kind == JobKind::kPushDigest &&
           std::find(job.needs.begin(), job.needs.end(), each.name) != job.needs.end();
  });
}

script::Job ReadJob(Source& source, const Member& member, const script::CiWorkflow& before) {
  script::Job job;
  job.name = member.key;
  ObjectReader reader(source, member.value, Concat({"ci: job \"", member.key, "\""}));
  std::string does;
  reader.Require("does", does);
  reader.Read("needs", job.needs);
  std::string condition;
  if (reader.Read("if", condition)) {
    job.condition = ReadCondition(condition, before);
    if (!job.condition) {
      reader.Fail("if",
                  Concat({"expected \"LEFT == 'TEXT'\" or \"LEFT != 'TEXT'\", where LEFT is ",
                          "github.ref_type, github.ref_name, env.NAME or ",
                          "needs.JOB.outputs.exists of a job before, found: \"", condition, "\""}));
    }
  }
  reader.Read("limit", job.limit);
  reader.Read("takes", job.takes);
  reader.Read("version", job.version);
  reader.Read("url", job.url);
  const Value* artifacts = reader.Optional("artifacts");
  if (artifacts != nullptr &&
      OneOf(source, *artifacts, Concat({"ci: job \"", member.key, "\": \"artifacts\""}),
            {"v3", "v4"})) {
    job.artifacts = *artifacts->as_string() == "v3" ? 3 : 4;
  }
  reader.Finish();
  const auto* kind = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const Kind& each) { return each.name == does; });
  if (kind == kKinds.end()) {
    std::vector<std::string> names;
    names.reserve(kKinds.size());
    for (const Kind& each : kKinds) {
      names.emplace_back(each.name);
    }
    reader.Fail("does", Concat({"no such thing: \"", does,
                                "\" (expected one of: ", Join(names, ", "), ")"}));
    return job;
  }
  job.kind = kind->kind;
  job.each_variant = kind->each_variant;
  job.each_platform = kind->each_platform;
  for (const std::string& need : job.needs) {
    if (!Names(before, need)) {
      reader.Fail("needs", Concat({"no such job before it: \"", need, "\""}));
    }
  }
  if (!Url::Parse(job.url) != (job.kind != JobKind::kUpdateDescription)) {
    reader.Fail("url", "expected a URL where the job updates the description, and only there");
  }
  if (!job.version.empty() && job.kind != JobKind::kResolveVersions) {
    reader.Fail("version", "only a job that resolves versions can pass one");
  }
  if (artifacts != nullptr && !HandsOver(job)) {
    reader.Fail("artifacts", "only a job that pushes or merges digests hands anything over");
  }
  if (job.kind == JobKind::kMergeDigests && !NeedsDigests(job, before)) {
    reader.Fail("needs", "expected a job that does push-digest: there is nothing to merge");
  }
  return job;
}

}  // namespace

std::map<std::string, script::CiWorkflow> ReadCi(Source& source, const Value& value) {
  std::map<std::string, script::CiWorkflow> workflows;
  if (value.as_object() == nullptr) {
    source.Fail(value.line(), Concat({"ci: expected workflows by name, found: ", value.Excerpt()}));
    return workflows;
  }
  for (const Member& each : *value.as_object()) {
    script::CiWorkflow& workflow = workflows[each.key];
    const auto* jobs = each.value.as_object();
    if (jobs == nullptr || jobs->empty() || jobs->size() > kJobsMost) {
      source.Fail(each.line,
                  Concat({"ci: \"", each.key, "\": expected 1 to ", std::to_string(kJobsMost),
                          " jobs by name, found: ", each.value.Excerpt()}));
      continue;
    }
    for (const Member& job : *jobs) {
      workflow.jobs.push_back(ReadJob(source, job, workflow));
    }
  }
  return workflows;
}

bool HasPart(const script::CiWorkflow& workflow, std::string_view part) {
  const auto colons = std::count(part.begin(), part.end(), ':');
  return std::any_of(workflow.jobs.begin(), workflow.jobs.end(), [&](const script::Job& job) {
    return job.name == part.substr(0, part.find(':')) && colons == (job.each_platform  ? 2
                                                                    : job.each_variant ? 1
                                                                                       : 0);
  });
}

}  // namespace drydock::scenarios::reading
