#include "publisher/hash/blind_spots.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "core/text.h"
#include "publisher/hash/dockerfile_floats.h"
#include "publisher/hash/git_project.h"
#include "publisher/hash/tree_entries.h"

namespace drydock::publisher {
namespace {

using SpotKind = BlindSpot::Kind;

// One of the two things that are compared.
struct Sight {
  InputList list;
  std::vector<TreeEntry> entries;
};

Result<Sight> SightOf(const HashSubject& subject, const Recipe& recipe,
                      const std::optional<GitProject>& project) {
  auto list = InputList::Make(subject, recipe, project ? project->folder() : "");
  if (!list) {
    return list.error().At(subject.Name());
  }
  auto entries = subject.is_tree() ? EntriesOfFolder(subject.root, recipe)
                                   : project->Entries(subject.git_ref, recipe);
  if (!entries) {
    return std::move(entries).error();
  }
  return Sight{*std::move(list), *std::move(entries)};
}

Result<Digest> DigestOf(const InputList& list) {
  Hasher hasher;
  Status fed = list.FeedFrom(0, [&](std::string_view bytes) { hasher.Update(bytes); });
  if (!fed) {
    return std::move(fed).error();
  }
  return hasher.Finish();
}

std::string DescribeEntry(const TreeEntry& entry) {
  if (entry.kind == TreeEntry::Kind::kLink) {
    return Concat({"a link to ", entry.target});
  }
  return entry.kind == TreeEntry::Kind::kFile && entry.empty ? std::string("an empty file")
                                                             : Concat({"a ", Name(entry.kind)});
}

// Does the hash see that this is there?
bool Seen(const TreeEntry& entry) {
  return entry.kind == TreeEntry::Kind::kFile && !entry.empty && !entry.filtered;
}

SpotKind KindOf(const TreeEntry& entry) {
  return entry.kind == TreeEntry::Kind::kSubmodule ? SpotKind::kSubmodule
         : entry.kind != TreeEntry::Kind::kFile    ? SpotKind::kLink
         : entry.filtered                          ? SpotKind::kFiltered
                                                   : SpotKind::kEmptyFile;
}

class EntryComparison {
 public:
  explicit EntryComparison(std::vector<BlindSpot>& found) : found_(found) {}

  void Compare(const std::vector<TreeEntry>& before, const std::vector<TreeEntry>& now) {
    std::map<std::string, std::pair<const TreeEntry*, const TreeEntry*>> both;
    for (const TreeEntry& entry : before) {
      both[entry.path].first = &entry;
    }
    for (const TreeEntry& entry : now) {
      both[entry.path].second = &entry;
    }
    for (const auto& [path, pair] : both) {
      if (pair.first == nullptr || pair.second == nullptr) {
        ComeOrGone(pair.first == nullptr ? *pair.second : *pair.first, pair.first == nullptr);
      } else {
        Changed(*pair.first, *pair.second);
      }
    }
  }

 private:
  void Tell(SpotKind kind, const std::string& path, std::initializer_list<std::string_view> what) {
    found_.push_back({kind, {path}, Concat({path, ": ", Concat(what)})});
  }

  void ComeOrGone(const TreeEntry& entry, bool come) {
    if (!Seen(entry)) {
      Tell(KindOf(entry), entry.path,
           {come ? "new, " : "gone, was ", DescribeEntry(entry),
            entry.filtered ? ", which the recipe filters out" : ""});
    }
  }

  void Changed(const TreeEntry& before, const TreeEntry& now) {
    if (before.kind != now.kind || before.target != now.target) {
      Tell(KindOf(now.kind != TreeEntry::Kind::kFile ? now : before), now.path,
           {DescribeEntry(now), " now, was ", DescribeEntry(before)});
    } else if (now.kind == TreeEntry::Kind::kFile && before.executable != now.executable) {
      Tell(SpotKind::kMode, now.path, {now.executable ? "executable now" : "no longer executable"});
    }
  }

  std::vector<BlindSpot>& found_;
};

// Runs of inputs that end at the same place in both streams, when the streams are the same.
void CompareBoundaries(const InputList& before, const InputList& now,
                       std::vector<BlindSpot>& found) {
  const auto& a = before.inputs();
  const auto& b = now.inputs();
  std::size_t at_a = 0;
  std::size_t at_b = 0;
  while (at_a < a.size() && at_b < b.size()) {
    std::vector<std::string> from;
    std::vector<std::string> to;
    std::uint64_t end_a = a[at_a].offset;
    std::uint64_t end_b = b[at_b].offset;
    // At least one input with bytes on each side, then on until both end together.
    while (from.empty() || to.empty() || end_a != end_b) {
      const bool take_a = at_a < a.size() && (from.empty() || (!to.empty() && end_a < end_b));
      if (!take_a && at_b == b.size()) {
        break;
      }
      const ListedInput& input = take_a ? a[at_a++] : b[at_b++];
      (take_a ? end_a : end_b) = input.offset + input.size;
      if (input.size > 0) {
        (take_a ? from : to).push_back(input.path);
      }
    }
    if (from.empty() || to.empty() || (from == to && from.size() == 1)) {
      continue;
    }
    const bool rename = from.size() == 1 && to.size() == 1;
    BlindSpot spot;
    spot.kind = rename ? SpotKind::kRename : SpotKind::kMovedText;
    spot.what = rename ? Concat({from[0], " is ", to[0],
                                 " now, with the same content at the same "
                                 "place in the stream"})
                       : Concat({"the same text, cut into files otherwise: was ", Join(from, " + "),
                                 ", is ", Join(to, " + ")});
    if (from == to) {
      spot.what = Concat({"text moved over the boundary between files: ", Join(from, ", ")});
    }
    for (const auto* side : {&from, &to}) {
      for (const std::string& path : *side) {
        if (std::find(spot.paths.begin(), spot.paths.end(), path) == spot.paths.end()) {
          spot.paths.push_back(path);
        }
      }
    }
    found.push_back(std::move(spot));
  }
}

Status ReadDockerfiles(const InputList& list, std::vector<BlindSpot>& floating) {
  for (std::size_t at = 0; at < list.inputs().size(); ++at) {
    const std::string& path = list.inputs()[at].path;
    if (list.inputs()[at].is_line() || !Contains(path.substr(path.rfind('/') + 1), "Dockerfile")) {
      continue;
    }
    auto text = list.Content(at);
    if (!text) {
      return std::move(text).error();
    }
    for (const FloatingLine& line : FloatingLines(*text)) {
      floating.push_back({SpotKind::kDockerfile,
                          {path},
                          Concat({path, ":", std::to_string(line.line), ": ", line.what})});
    }
  }
  return Ok();
}

// The thing to compare with; nullopt when there is nothing.
Result<std::optional<HashSubject>> SinceOf(const HashSubject& subject, const std::string& since,
                                           const std::optional<GitProject>& project) {
  std::error_code failure;
  if (!since.empty() && std::filesystem::is_directory(since, failure)) {
    return std::optional(HashSubject{since, "", ""});
  }
  std::string ref = since;
  if (ref.empty() && project) {
    auto tag = project->LastTag();
    ref = !tag ? "" : tag->empty() ? "HEAD" : *tag;
  }
  if (ref.empty()) {
    return std::optional<HashSubject>();
  }
  if (!project) {
    return Error(ErrorCode::kNotFound,
                 Concat({"hash: no folder, and no git repository to look for it in: ", since}));
  }
  return std::optional(HashSubject{subject.root, ref, ""});
}

}  // namespace

std::string_view Name(BlindSpot::Kind kind) {
  switch (kind) {
    case SpotKind::kMode:
      return "mode";
    case SpotKind::kLink:
      return "link";
    case SpotKind::kEmptyFile:
      return "empty-file";
    case SpotKind::kRename:
      return "rename";
    case SpotKind::kMovedText:
      return "moved-text";
    case SpotKind::kFiltered:
      return "filtered";
    case SpotKind::kSubmodule:
      return "submodule";
    case SpotKind::kDockerfile:
      return "dockerfile";
  }
  return "";
}

Result<BlindSpotReport> FindBlindSpots(const HashSubject& subject, const std::string& since,
                                       const Recipe& recipe) {
  std::optional<GitProject> project;
  if (auto opened = GitProject::Open(subject.root)) {
    project.emplace(*std::move(opened));
  }
  auto sight = SightOf(subject, recipe, project);
  auto now = sight ? DigestOf(sight->list) : Result<Digest>(sight.error());
  if (!now) {
    return std::move(now).error();
  }
  BlindSpotReport report;
  report.now = *now;
  report.skipped = sight->list.skipped();
  if (Status read = ReadDockerfiles(sight->list, report.floating); !read) {
    return std::move(read).error();
  }
  auto other = SinceOf(subject, since, project);
  if (!other || !*other) {
    return other ? Result<BlindSpotReport>(std::move(report)) : std::move(other).error();
  }
  report.since = (*other)->is_tree() ? (*other)->root : (*other)->git_ref;
  auto earlier = SightOf(**other, recipe, project);
  auto before = earlier ? DigestOf(earlier->list) : Result<Digest>(earlier.error());
  if (!before) {
    return std::move(before).error();
  }
  report.before = *before;
  EntryComparison(report.changes).Compare(earlier->entries, sight->entries);
  if (report.before == report.now) {
    CompareBoundaries(earlier->list, sight->list, report.changes);
  }
  return report;
}

Result<BlindSpotReport> FindUnseenChanges(const std::string& root, const std::string& ref,
                                          const Recipe& recipe) {
  const auto project = GitProject::Open(root);
  const auto since = project ? project->LastTag() : Result<std::string>(std::string());
  if (!since || since->empty()) {
    return since ? Result<BlindSpotReport>(BlindSpotReport()) : since.error();
  }
  const auto same = project->SameInputs(*since, ref, recipe);
  if (!same || *same) {
    return same ? Result<BlindSpotReport>(BlindSpotReport()) : same.error();
  }
  auto report = FindBlindSpots({root, ref, ""}, *since, recipe);
  if (report && report->rebuilt()) {
    report->changes.clear();
  }
  return report;
}

}  // namespace drydock::publisher
