// Hypotheses about other commits: the expected value is a right one, of something else.
#include <algorithm>
#include <map>
#include <utility>

#include "core/text.h"
#include "publisher/hash/explainer.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kIdDigits = 12;

std::map<std::string, std::array<unsigned char, 32>> DigestsByPath(const InputList& list) {
  std::map<std::string, std::array<unsigned char, 32>> digests;
  for (const ListedInput& input : list.inputs()) {
    if (!input.is_line()) {
      digests[input.path] = input.digest;
    }
  }
  return digests;
}

}  // namespace

std::string NameOf(const HistoryEntry& entry) {
  const std::string commit =
      Concat({entry.commit.substr(0, kIdDigits), " (", entry.date, ", ", entry.subject, ")"});
  return entry.tags.empty() ? commit : Join(entry.tags, ", ");
}

Status Explainer::TryHistory() {
  if (!project_) {
    Begin("other commits");
    Note("no git repository here");
    return Ok();
  }
  auto history = project_->Commits(recipe_, options_.commits);
  if (!history) {
    Begin("other commits");
    Note(history.error().message());
    return Ok();
  }
  std::size_t done = 0;
  Begin(Concat({"other commits: ", std::to_string(history->commits), ", with ",
                std::to_string(history->entries.size()), " different sets of inputs"}));
  const std::size_t attempt = report_.attempts.size() - 1;
  for (const HistoryEntry& entry : history->entries) {
    if (Exhausted()) {
      break;
    }
    if (Status tried = TryCommit(entry); !tried) {
      if (tried.error().code() != ErrorCode::kInvalid) {
        return tried;
      }
      Note(Concat({NameOf(entry), " left out: ", tried.error().message()}));
    }
    ++done;
    if (report_.explained() && report_.explanations.back().kind == "commit") {
      return Ok();
    }
  }
  if (!history->complete) {
    report_.attempts[attempt].note += Concat({report_.attempts[attempt].note.empty() ? "" : "; ",
                                              "older commits are not here, or more "
                                              "than the limit"});
  }
  return Ok();
}

Status Explainer::TryCommit(const HistoryEntry& entry) {
  HashSubject subject = subject_;
  subject.git_ref = entry.commit;
  auto list = InputList::Make(subject, recipe_, folder_);
  if (!list) {
    return std::move(list).error();
  }
  auto trials = Trials::Make(*list, report_.bytes_hashed);
  if (!trials) {
    return std::move(trials).error();
  }
  const auto describe = [&](const std::string& but) {
    Explanation told;
    told.kind = "commit";
    const bool alone = entry.commits == 1;
    told.what = Concat({"this is the hash of ", NameOf(entry), but,
                        alone ? ""
                              : Concat({" (", std::to_string(entry.commits),
                                        " commits have these inputs, the newest is ",
                                        entry.commit.substr(0, kIdDigits), ")"})});
    told.advice = "hash the commit that CI built, or tell CI to build this one";
    told.reproduce =
        but.empty() ? Concat({"drydock hash --git ", entry.commit.substr(0, kIdDigits)}) : "";
    return told;
  };
  if (Status tried = Try(*trials, trials->BaseSequence(), [&] { return describe(""); });
      !tried || (report_.explained() && report_.explanations.back().kind == "commit")) {
    return tried;
  }
  Compare(entry, *list);
  if (report_.explained()) {
    return Ok();
  }
  const Start start{&*trials, trials->BaseSequence(), Concat({", of ", NameOf(entry)})};
  const std::uint64_t stop_at = stop_at_;
  if (Status tried = TryLines(start); !tried) {
    return tried;
  }
  stop_at_ = stop_at;
  if (report_.explained()) {
    report_.explanations.back().kind = "commit";
  }
  // One line in the report for the whole history.
  const std::uint64_t more = report_.attempts.back().trials;
  std::string note = std::move(report_.attempts.back().note);
  report_.attempts.pop_back();
  report_.attempts.back().trials += more;
  if (!note.empty() && report_.attempts.back().note.empty()) {
    Note(std::move(note));
  }
  return Ok();
}

void Explainer::Compare(const HistoryEntry& entry, const InputList& list) {
  const auto here = DigestsByPath(*list_);
  const auto there = DigestsByPath(list);
  ClosestCommit commit;
  commit.name = NameOf(entry);
  for (const auto& [path, digest] : here) {
    const auto other = there.find(path);
    if (other == there.end()) {
      commit.only_here.push_back(path);
    } else if (other->second != digest) {
      commit.differing.push_back(path);
    }
  }
  for (const auto& [path, digest] : there) {
    if (here.count(path) == 0) {
      commit.only_there.push_back(path);
    }
  }
  const auto distance = [](const ClosestCommit& of) {
    return of.only_here.size() + of.only_there.size() + of.differing.size();
  };
  if (!report_.closest || distance(commit) < distance(*report_.closest)) {
    report_.closest = std::move(commit);
  }
}

}  // namespace drydock::publisher
