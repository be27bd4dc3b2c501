#include "simulator/neighbours/neighbour_content.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "simulator/neighbours/hub_api.h"

namespace drydock::simulator {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;

constexpr std::size_t kHostBytesMax = 253;

// The members of an object that maps names to something; none, with a complaint, for all else.
const Value::Object& Members(ObjectReader& reader, std::string_view key, const Value* value) {
  static const Value::Object kNone;
  if (value == nullptr) {
    return kNone;
  }
  if (value->as_object() == nullptr) {
    reader.Fail(key, Concat({"expected an object, found: ", value->Excerpt()}));
    return kNone;
  }
  return *value->as_object();
}

const Value::Array& Elements(ObjectReader& reader, std::string_view key, const Value* value) {
  static const Value::Array kNone;
  if (value == nullptr) {
    return kNone;
  }
  if (value->as_array() == nullptr) {
    reader.Fail(key, Concat({"expected an array, found: ", value->Excerpt()}));
    return kNone;
  }
  return *value->as_array();
}

void ReadTexts(Source& source, ObjectReader& reader, std::string_view key,
               std::map<std::string, std::string>& into) {
  for (const Member& member : Members(reader, key, reader.Optional(key))) {
    if (member.value.as_string() == nullptr) {
      source.Fail(member.line, Concat({key, ": \"", member.key,
                                       "\": expected a string, found: ", member.value.Excerpt()}));
      return;
    }
    into[member.key] = *member.value.as_string();
  }
}

void ReadHost(ObjectReader& reader, std::string& host) {
  if (!reader.Require("host", host)) {
    return;
  }
  if (!IsHostName(host)) {
    reader.Fail("host", Concat({"expected a lower-case host name without a port: \"", host, "\""}));
  } else if (host == kHubApiHost) {
    reader.Fail("host", Concat({host, " is the Hub's own API"}));
  }
}

void ReadPackage(Source& source, const Member& package, std::vector<NpmRelease>& into) {
  ObjectReader reader(source, package.value, Concat({"npm package \"", package.key, "\""}));
  std::string latest;
  reader.Require("latest", latest);
  const Value* versions = reader.Required("versions");
  reader.Finish();
  bool found = false;
  for (const Member& member : Members(reader, "versions", versions)) {
    NpmRelease release;
    release.package = package.key;
    release.version = member.key;
    release.latest = member.key == latest;
    found = found || release.latest;
    ObjectReader version(source, member.value, "npm version");
    TimePoint from{};
    if (version.Read("tarball-from", from)) {
      release.tarball_from = from;
    }
    ReadTexts(source, version, "dependencies", release.dependencies);
    version.Finish();
    into.push_back(std::move(release));
  }
  if (!found) {
    reader.Fail("latest", Concat({"is none of the versions: \"", latest, "\""}));
  }
}

ForgeJob ReadJob(Source& source, const Value& value) {
  ForgeJob job;
  ObjectReader reader(source, value, "job");
  reader.Require("id", job.id);
  reader.Require("name", job.name);
  reader.Read("status", job.status);
  reader.Read("conclusion", job.conclusion);
  reader.Read("log", job.log);
  reader.Finish();
  return job;
}

ForgeRun ReadRun(Source& source, const Value& value) {
  ForgeRun run;
  ObjectReader reader(source, value, "run");
  reader.Require("id", run.id);
  reader.Require("workflow", run.workflow);
  reader.Require("ref", run.ref);
  reader.Read("sha", run.sha);
  reader.Read("status", run.status);
  reader.Read("conclusion", run.conclusion);
  reader.Read("started", run.started);
  for (const Value& job : Elements(reader, "jobs", reader.Optional("jobs"))) {
    run.jobs.push_back(ReadJob(source, job));
  }
  reader.Finish();
  return run;
}

ForgeCommit ReadCommit(Source& source, const Value& value) {
  ForgeCommit commit;
  ObjectReader reader(source, value, "commit");
  reader.Require("sha", commit.sha);
  reader.Read("message", commit.message);
  reader.Read("when", commit.when);
  reader.Finish();
  return commit;
}

ForgeRepository ReadRepository(Source& source, const Member& member) {
  ForgeRepository repository;
  ObjectReader reader(source, member.value, Concat({"forge repository \"", member.key, "\""}));
  for (const Member& branch : Members(reader, "branches", reader.Optional("branches"))) {
    std::vector<ForgeCommit>& commits = repository.branches[branch.key];
    for (const Value& commit : Elements(reader, "branches", &branch.value)) {
      commits.push_back(ReadCommit(source, commit));
    }
  }
  ReadTexts(source, reader, "tags", repository.tags);
  for (const Value& run : Elements(reader, "runs", reader.Optional("runs"))) {
    repository.runs.push_back(ReadRun(source, run));
  }
  reader.Finish();
  return repository;
}

// Whether what was read is what a site takes.
void Check(Source& source, std::size_t line, const Status& furnished) {
  if (!furnished) {
    source.Fail(line, furnished.error().message());
  }
}

}  // namespace

bool IsHostName(std::string_view text) {
  return !text.empty() && text.size() <= kHostBytesMax &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

Status Furnish(const std::vector<NpmRelease>& releases, NpmRegistry& npm) {
  for (const NpmRelease& release : releases) {
    Status done = npm.Publish(release);
    if (done && release.latest) {
      done = npm.SetDistTag(release.package, "latest", release.version);
    }
    if (!done) {
      return done;
    }
  }
  return Ok{};
}

Status Furnish(const ForgeContent& content, Forge& forge) {
  for (const auto& [name, repository] : content.repositories) {
    for (const auto& [branch, commits] : repository.branches) {
      for (const ForgeCommit& commit : commits) {
        if (Status done = forge.Commit(name, branch, commit); !done) {
          return done;
        }
      }
    }
    for (const auto& [tag, sha] : repository.tags) {
      if (Status done = forge.Tag(name, tag, sha); !done) {
        return done;
      }
    }
    for (const ForgeRun& run : repository.runs) {
      if (Status done = forge.AddRun(name, run); !done) {
        return done;
      }
    }
  }
  return Ok{};
}

Status Merge(NeighbourContent more, NeighbourContent& into) {
  if ((more.npm && into.npm) || (more.forge && into.forge)) {
    return Error(ErrorCode::kConflict, Concat({"a second ", more.npm && into.npm ? "npm" : "forge",
                                               "; say all of it in one place"}));
  }
  if (more.npm) {
    into.npm = std::move(more.npm);
  }
  if (more.forge) {
    into.forge = std::move(more.forge);
  }
  if (into.npm && into.forge && into.npm->host == into.forge->host) {
    return Error(ErrorCode::kConflict,
                 Concat({"npm and the forge have the same host: ", into.npm->host}));
  }
  return Ok{};
}

std::vector<NpmRelease> ReadNpmPackages(Source& source, const Value& packages) {
  std::vector<NpmRelease> releases;
  if (packages.as_object() == nullptr) {
    source.Fail(packages.line(),
                Concat({"npm: expected an object of packages, found: ", packages.Excerpt()}));
    return releases;
  }
  for (const Member& package : *packages.as_object()) {
    ReadPackage(source, package, releases);
  }
  SystemClock unread;
  NpmRegistry trial(unread);
  Check(source, packages.line(), Furnish(releases, trial));
  return releases;
}

ForgeContent ReadForge(Source& source, ObjectReader& reader) {
  ForgeContent content;
  ReadHost(reader, content.host);
  if (const Value* token = reader.Optional("token")) {
    if (token->as_string() == nullptr) {
      reader.Fail("token", "expected a string");  // what it is stays unsaid
    } else {
      content.token = *token->as_string();
    }
  }
  const Value* repositories = reader.Optional("repositories");
  for (const Member& member : Members(reader, "repositories", repositories)) {
    content.repositories[member.key] = ReadRepository(source, member);
  }
  if (repositories != nullptr) {
    Forge trial;
    Check(source, repositories->line(), Furnish(content, trial));
  }
  return content;
}

NeighbourContent ReadNeighbours(Source& source, ObjectReader& reader) {
  NeighbourContent content;
  if (const Value* value = reader.Optional("npm")) {
    ObjectReader npm(source, *value, "npm");
    NpmContent& into = content.npm.emplace();
    ReadHost(npm, into.host);
    if (const Value* packages = npm.Required("packages")) {
      into.releases = ReadNpmPackages(source, *packages);
    }
    npm.Finish();
  }
  if (const Value* value = reader.Optional("forge")) {
    ObjectReader forge(source, *value, "forge");
    content.forge = ReadForge(source, forge);
    forge.Finish();
  }
  if (content.npm && content.forge && content.npm->host == content.forge->host) {
    reader.Fail("forge", Concat({"has the host of npm: ", content.forge->host}));
  }
  return content;
}

}  // namespace drydock::simulator
