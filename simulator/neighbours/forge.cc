#include "simulator/neighbours/forge.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/reference.h"
#include "core/text.h"
#include "simulator/registry/error_code.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kPageSizeUsual = 30;
constexpr std::uint64_t kPageSizeMax = 50;
constexpr std::size_t kShaDigits = 40;

bool IsSha(std::string_view text) {
  return text.size() == kShaDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Json ToJson(const ForgeCommit& commit) {
  return {{"sha", commit.sha},
          {"created", FormatRfc3339(commit.when)},
          {"commit", {{"message", commit.message}}}};
}

Json ToJson(const ForgeJob& job, std::uint64_t run) {
  return {{"id", job.id},
          {"run_id", run},
          {"name", job.name},
          {"status", job.status},
          {"conclusion", job.conclusion}};
}

Json ToJson(const ForgeRun& run) {
  return {{"id", run.id},
          {"path", Concat({run.workflow, "@refs/tags/", run.ref})},
          {"event", "push"},
          {"head_branch", run.ref},
          {"head_sha", run.sha},
          {"status", run.status},
          {"conclusion", run.conclusion},
          {"started_at", FormatRfc3339(run.started)}};
}

Response Answer(const Json& json) {
  return JsonAnswer(200, json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Response Complaint(int status, std::string_view message) {
  return JsonAnswer(status, Json{{"message", message}, {"url", "/api/swagger"}}.dump());
}

}  // namespace

class Forge::Visit : public Exchange {
 public:
  Visit(Forge& forge, RequestHead head) : forge_(forge), head_(std::move(head)) { FindRoute(); }

  const Route& route() const override { return route_; }
  std::optional<Response> Decide() override { return std::nullopt; }
  void Receive(std::string_view /*piece*/) override {}
  Response Apply() override;

 private:
  void FindRoute();
  Response Commits(const Repository& repository) const;
  Response Branch(const Repository& repository) const;
  Response Tag(const Repository& repository) const;
  Response Runs(const Repository& repository) const;
  Response Run(const Repository& repository) const;
  Response Log(const Repository& repository) const;
  std::uint64_t Number(std::string_view name, std::uint64_t usual) const {
    return std::max<std::uint64_t>(
        ParseUnsigned(head_.url.QueryValue(name).value_or("")).value_or(usual), 1);
  }

  Forge& forge_;
  RequestHead head_;
  Route route_;
};

// "/api/v1/repos/<owner>/<name>/…".
void Forge::Visit::FindRoute() {
  const std::vector<std::string> parts = Split(head_.url.path, '/');
  if (parts.size() < 7 || parts[1] != "api" || parts[2] != "v1" || parts[3] != "repos") {
    return;
  }
  const std::vector<std::string> rest(parts.begin() + 6, parts.end());
  const auto is = [&](std::initializer_list<std::string_view> pattern) {
    return std::equal(rest.begin(), rest.end(), pattern.begin(), pattern.end(),
                      [](const std::string& part, std::string_view wanted) {
                        return wanted == "*" ? !part.empty() : part == wanted;
                      });
  };
  if (is({"commits"})) {
    route_.operation = "forge.commits";
  } else if (is({"branches", "*"})) {
    route_.operation = "forge.branch";
  } else if (is({"tags", "*"})) {
    route_.operation = "forge.tag";
  } else if (is({"actions", "runs"})) {
    route_.operation = "forge.runs";
  } else if (is({"actions", "runs", "*"})) {
    route_.operation = "forge.run";
  } else if (is({"actions", "runs", "*", "jobs"})) {
    route_.operation = "forge.jobs";
  } else if (is({"actions", "jobs", "*", "logs"})) {
    route_.operation = "forge.log";
  } else {
    return;
  }
  route_.repository = Concat({parts[4], "/", parts[5]});
  route_.reference = rest[0] == "actions" ? (rest.size() > 2 ? rest[2] : "")
                     : rest.size() > 1    ? PercentDecode(rest[1])
                                          : head_.url.QueryValue("sha").value_or("");
}

Response Forge::Visit::Apply() {
  if (head_.method != "GET" && head_.method != "HEAD") {
    return Complaint(405, "method not allowed");
  }
  const auto found = forge_.repositories_.find(route_.repository);
  if (route_.operation.empty() || found == forge_.repositories_.end()) {
    return Complaint(404, "The target couldn't be found.");
  }
  const Repository& repository = found->second;
  if (route_.operation == "forge.commits") {
    return Commits(repository);
  }
  if (route_.operation == "forge.branch") {
    return Branch(repository);
  }
  if (route_.operation == "forge.tag") {
    return Tag(repository);
  }
  if (!forge_.token_.empty() &&
      head_.headers.Get("Authorization") != Concat({"token ", forge_.token_})) {
    return Complaint(401, "token is required");
  }
  return route_.operation == "forge.runs"  ? Runs(repository)
         : route_.operation == "forge.log" ? Log(repository)
                                           : Run(repository);
}

Response Forge::Visit::Commits(const Repository& repository) const {
  const auto branch =
      repository.branches.find(route_.reference.empty() ? "main" : route_.reference);
  if (branch == repository.branches.end()) {
    return Complaint(404, "The target couldn't be found.");
  }
  const std::uint64_t size = std::min(Number("limit", kPageSizeUsual), kPageSizeMax);
  const std::uint64_t page = Number("page", 1);
  Json list = Json::array();
  std::uint64_t at = 0;
  for (auto commit = branch->second.rbegin(); commit != branch->second.rend(); ++commit, ++at) {
    if (at / size == page - 1) {
      list.push_back(ToJson(*commit));
    }
  }
  return Answer(list);
}

Response Forge::Visit::Branch(const Repository& repository) const {
  const auto branch = repository.branches.find(route_.reference);
  if (branch == repository.branches.end()) {
    return Complaint(404, "The target couldn't be found.");
  }
  const ForgeCommit& head = branch->second.back();
  return Answer(
      {{"name", branch->first},
       {"commit",
        {{"id", head.sha}, {"message", head.message}, {"timestamp", FormatRfc3339(head.when)}}}});
}

Response Forge::Visit::Tag(const Repository& repository) const {
  const auto tag = repository.tags.find(route_.reference);
  if (tag == repository.tags.end()) {
    return Complaint(404, "The target couldn't be found.");
  }
  return Answer({{"name", tag->first}, {"id", tag->second}, {"commit", {{"sha", tag->second}}}});
}

Response Forge::Visit::Runs(const Repository& repository) const {
  const std::uint64_t size = std::min(Number("limit", kPageSizeUsual), kPageSizeMax);
  const std::uint64_t page = Number("page", 1);
  Json list = Json::array();
  std::uint64_t at = 0;
  for (auto run = repository.runs.rbegin(); run != repository.runs.rend(); ++run, ++at) {
    if (at / size == page - 1) {
      list.push_back(ToJson(run->second));
    }
  }
  return Answer({{"total_count", repository.runs.size()}, {"workflow_runs", std::move(list)}});
}

Response Forge::Visit::Run(const Repository& repository) const {
  const auto id = ParseUnsigned(route_.reference);
  const auto run = id ? repository.runs.find(*id) : repository.runs.end();
  if (run == repository.runs.end()) {
    return Complaint(404, "The target couldn't be found.");
  }
  if (route_.operation == "forge.run") {
    return Answer(ToJson(run->second));
  }
  Json list = Json::array();
  for (const ForgeJob& job : run->second.jobs) {
    list.push_back(ToJson(job, run->first));
  }
  return Answer({{"total_count", list.size()}, {"jobs", list}});
}

Response Forge::Visit::Log(const Repository& repository) const {
  const auto id = ParseUnsigned(route_.reference);
  for (const auto& [run_id, run] : repository.runs) {
    for (const ForgeJob& job : run.jobs) {
      if (id == job.id) {
        return PlainAnswer(200, job.log);
      }
    }
  }
  return Complaint(404, "The target couldn't be found.");
}

std::unique_ptr<Exchange> Forge::Begin(RequestHead head) {
  return std::make_unique<Visit>(*this, std::move(head));
}

const ForgeCommit* Forge::FindCommit(const Repository& repository, std::string_view sha) const {
  for (const auto& [name, commits] : repository.branches) {
    const auto commit = std::find_if(commits.begin(), commits.end(),
                                     [&](const ForgeCommit& one) { return one.sha == sha; });
    if (commit != commits.end()) {
      return &*commit;
    }
  }
  return nullptr;
}

Status Forge::Commit(std::string_view repository, std::string_view branch, ForgeCommit commit) {
  if (std::count(repository.begin(), repository.end(), '/') != 1 || branch.empty()) {
    return Error(ErrorCode::kInvalid,
                 Concat({"forge: not an owner/name with a branch: ", repository, " ", branch}));
  }
  if (!IsSha(commit.sha)) {
    return Error(ErrorCode::kInvalid, Concat({"forge: not a commit id: ", commit.sha}));
  }
  repositories_[std::string(repository)].branches[std::string(branch)].push_back(std::move(commit));
  return Ok{};
}

Status Forge::Tag(std::string_view repository, std::string_view tag, std::string_view sha) {
  const auto found = repositories_.find(repository);
  if (found == repositories_.end() || FindCommit(found->second, sha) == nullptr) {
    return Error(ErrorCode::kNotFound, Concat({"forge: ", repository, " has no commit ", sha}));
  }
  found->second.tags[std::string(tag)] = std::string(sha);
  return Ok{};
}

Status Forge::AddRun(std::string_view repository, ForgeRun run) {
  if (std::count(repository.begin(), repository.end(), '/') != 1) {
    return Error(ErrorCode::kInvalid, Concat({"forge: not an owner/name: ", repository}));
  }
  Repository& home = repositories_[std::string(repository)];
  std::set<std::uint64_t> jobs;
  for (const auto& [id, known] : home.runs) {
    for (const ForgeJob& job : known.jobs) {
      jobs.insert(job.id);
    }
  }
  const bool fresh = std::all_of(run.jobs.begin(), run.jobs.end(),
                                 [&](const ForgeJob& job) { return jobs.insert(job.id).second; });
  if (!fresh || home.runs.count(run.id) != 0) {
    return Error(ErrorCode::kConflict,
                 Concat({"forge: run or job id taken: ", std::to_string(run.id)}));
  }
  home.runs.emplace(run.id, std::move(run));
  return Ok{};
}

}  // namespace drydock::simulator
