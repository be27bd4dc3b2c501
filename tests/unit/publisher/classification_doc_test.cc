// docs/classification.md: the table, and beside each row what skopeo, buildah, docker and BuildKit
// did under the faults that come to that row. Made from the table and from measured runs
// (tests/captures/client-faults.jsonl); the committed file must be what they make.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "publisher/registry/classification.h"
#include "tests/unit/publisher/scripted_transport.h"

namespace drydock::publisher {
namespace {

constexpr std::string_view kIntroduction =
    "# What an answer means\n"
    "\n"
    "The one table by which the publisher decides what comes next (`publisher/registry/"
    "classification.cc`).\n"
    "The first row that takes an answer wins; a test holds something against every row. *Whose* is "
    "whose\n"
    "body came back: the registry's own JSON, the token service's, a page (HTML), something other "
    "between\n"
    "(XML, text, foreign JSON), a proxy that names itself, or nobody's (no body).\n"
    "\n"
    "The last four columns say what today's clients did in a push when they met such an answer: in "
    "how many\n"
    "of the measured runs the push passed in the end, and how often the request was tried. An "
    "empty cell was\n"
    "not measured. \"once\" faults go away by themselves, so a client that passes none of them "
    "gave up a push\n"
    "for nothing. skopeo 1.9 and 1.18, buildah 1.28 and 1.39, docker 20.10 and 26 (both stores), "
    "buildx 0.13.\n"
    "\n"
    "Made by the test `ClassificationDoc.IsInStepWithTheTable`, which says how to renew it.\n"
    "\n"
    "## What comes next\n"
    "\n"
    "| move | means |\n"
    "|---|---|\n"
    "| retry | the same request again, after a growing pause with jitter |\n"
    "| wait | the same, and not before the time the server named (`Retry-After` in seconds, as a "
    "date, as unix time; `X-Retry-After`); a wait beyond the overall deadline is not begun |\n"
    "| re-authenticate | a fresh token, then the same request; at most two for one request |\n"
    "| probe | the write may have happened: `HEAD` of the blob, manifest or tag decides whether it "
    "is sent again |\n"
    "| resume | `GET` of the upload session: go on at the offset it names, in its new Location |\n"
    "| restart | cancel the session and upload the blob from its first byte in a new one |\n"
    "| fall back | another shape: smaller chunks, one PUT instead of chunks, chunks instead of one "
    "PUT, an upload instead of a mount |\n"
    "| skip | it was optional |\n"
    "| stop | report whose answer it was, in its words, and what to do |\n"
    "\n";

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The request that a measured fault met: "…-data-patch", "…-manifest-put".
std::optional<std::pair<std::string, std::string>> RequestOf(std::string_view fault) {
  const struct {
    std::string_view end;
    const char* method;
    const char* path;
  } places[] = {
      {"-upload-post", "POST", "/blobs/uploads/"},
      {"-data-patch", "PATCH", "/blobs/uploads/u"},
      {"-data-put", "PUT", "/blobs/uploads/u?digest=d"},
      {"-final-put", "PUT", "/blobs/uploads/u?digest=d"},
      {"-once-data", "PATCH", "/blobs/uploads/u"},
      {"-once-final", "PUT", "/blobs/uploads/u?digest=d"},
      {"413html-data", "PATCH", "/blobs/uploads/u"},
      {"503-early-close-data", "PATCH", "/blobs/uploads/u"},
      {"rst-mid-body-once", "PATCH", "/blobs/uploads/u"},
      {"rst-mid-body-x3", "PATCH", "/blobs/uploads/u"},
      {"rst-mid-body-always", "PATCH", "/blobs/uploads/u"},
      {"-digest-invalid-once", "PUT", "/blobs/uploads/u?digest=d"},
      {"-manifest-blob-unknown-once", "PUT", "/manifests/v1"},
      {"-manifest-blob-unknown-always", "PUT", "/manifests/v1"},
      {"-head-blob", "HEAD", "/blobs/sha256:00"},
      {"-head-manifest", "HEAD", "/manifests/v1"},
      {"-manifest-put", "PUT", "/manifests/v1"},
      {"-ping", "GET", ""},
  };
  const bool push = !fault.starts_with("pull-") && !fault.starts_with("cache-") &&
                    !fault.starts_with("promote-") && !fault.starts_with("multi-") &&
                    !Contains(fault, "cache-manifest");
  for (const auto& place : places) {
    if (push && fault.ends_with(place.end)) {
      const std::string path = *place.path == '\0' ? "/v2/" : Concat({"/v2/a/b", place.path});
      return std::pair(std::string(place.method), Concat({"https://registry.test", path}));
    }
  }
  return std::nullopt;
}

std::string CodeOf(std::string_view fault, int status) {
  if (Contains(fault, "manifest-blob-unknown")) {
    return "MANIFEST_BLOB_UNKNOWN";
  }
  if (Contains(fault, "digest-invalid")) {
    return "DIGEST_INVALID";
  }
  if (Contains(fault, "upload-unknown")) {
    return "BLOB_UPLOAD_UNKNOWN";
  }
  const std::map<int, std::string> codes = {
      {401, "UNAUTHORIZED"}, {403, "DENIED"}, {429, "TOOMANYREQUESTS"}};
  const auto found = codes.find(status);
  return found == codes.end() ? "" : found->second;
}

// The row that the fault's answer comes to; nullptr when the fault is not of a plain push.
const ClassificationRow* RowOf(std::string_view fault) {
  const auto request = RequestOf(fault);
  if (!request) {
    return nullptr;
  }
  const Route route = RouteOf(request->first, request->second);
  if (fault.starts_with("rst-")) {
    return &FindRow({.route = route, .phase = Phase::kLost});
  }
  const int status = static_cast<int>(ParseUnsigned(fault.substr(0, 3)).value_or(0));
  const std::string code = CodeOf(fault, status);
  const Whose whose = Contains(fault, "html") ? Whose::kPage
                      : code.empty()          ? Whose::kNobody
                                              : Whose::kRegistry;
  return &FindRow({.route = route,
                   .status = status,
                   .whose = whose,
                   .code = code,
                   .hints = static_cast<std::uint8_t>((status == 401 ? kChallenge : kNoChallenge) |
                                                      kNoRetryAfter)});
}

// What one kind of client did over all the faults that come to one row.
struct Tally {
  int runs = 0;
  int passed = 0;
  int tries_min = 0;
  int tries_max = 0;

  void Add(int exit_code, int tries) {
    tries_min = runs == 0 ? tries : std::min(tries_min, tries);
    tries_max = std::max(tries_max, tries);
    ++runs;
    passed += exit_code == 0 ? 1 : 0;
  }
  std::string Text() const {
    if (runs == 0) {
      return "";
    }
    const std::string few = std::to_string(tries_min);
    return Concat({"passed ", std::to_string(passed), " of ", std::to_string(runs), "; ",
                   tries_min == tries_max ? few : Concat({few, "–", std::to_string(tries_max)}),
                   tries_max == 1 ? " try" : " tries"});
  }
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kClients = {
    {{"skopeo", "skopeo"}, {"buildah", "buildah"}, {"docker", "docker"}, {"buildx", "BuildKit"}}};

struct Measured {
  std::map<std::pair<std::string_view, std::string_view>, Tally> tallies;  // by row and client
  std::map<std::string_view, std::set<std::string>> faults;                // by row
};

Measured ReadMeasured() {
  Measured measured;
  const std::string text =
      ReadWhole(Concat({DRYDOCK_SOURCE_DIR, "/tests/captures/client-faults.jsonl"}));
  for (const std::string& line : Split(Trim(text), '\n')) {
    const auto run = json::Parse(line, "client-faults.jsonl");
    EXPECT_TRUE(run.ok()) << line;
    const std::string fault(run->Text("fault"));
    const ClassificationRow* row = RowOf(fault);
    if (row == nullptr || run->Text("client").ends_with("-retry3")) {
      continue;
    }
    measured.faults[row->name].insert(fault);
    for (const auto& [start, name] : kClients) {
      if (run->Text("client").starts_with(start)) {
        measured.tallies[{row->name, name}].Add(
            static_cast<int>(run->Find("exit_code")->as_integer().value_or(1)),
            static_cast<int>(run->Find("attempts")->as_integer().value_or(1)));
      }
    }
  }
  return measured;
}

template <class Item>
std::string NamesOf(std::uint32_t set, int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    if ((set & (1U << i)) != 0) {
      names.emplace_back(Name(static_cast<Item>(i)));
    }
  }
  return static_cast<int>(names.size()) == count ? "any" : Join(names, ", ");
}

std::string RoutesOf(const ClassificationRow& row) {
  constexpr int kRoutes = static_cast<int>(Route::kOtherWrite) + 1;
  constexpr std::uint32_t kReads = (1U << (static_cast<int>(Route::kOtherRead) + 1)) - 1;
  constexpr std::uint32_t kWrites = ((1U << kRoutes) - 1) & ~kReads;
  if (row.routes == kReads || row.routes == kWrites) {
    return row.routes == kReads ? "every read" : "every write";
  }
  if ((row.routes & kReads) == kReads && row.routes != (kReads | kWrites)) {
    return Concat({"every read, ", NamesOf<Route>(row.routes & ~kReads, kRoutes)});
  }
  constexpr std::uint32_t kAllButToken =
      (kReads | kWrites) & ~(1U << static_cast<int>(Route::kToken));
  return row.routes == kAllButToken ? "any but token" : NamesOf<Route>(row.routes, kRoutes);
}

std::string StatusOf(const ClassificationRow& row) {
  if (row.phase != Phase::kAnswered) {
    return std::string(Name(row.phase));
  }
  if (row.status_min == row.status_max) {
    return std::to_string(row.status_min);
  }
  if (row.status_max == 999) {
    return row.status_min == 0 ? "any" : Concat({"from ", std::to_string(row.status_min)});
  }
  return Concat({std::to_string(row.status_min), "–", std::to_string(row.status_max)});
}

std::string ConditionOf(const ClassificationRow& row) {
  std::vector<std::string> parts;
  if (!row.codes.empty()) {
    parts.push_back(Concat({"`", ReplaceAll(std::string(row.codes), "|", "`, `"), "`"}));
  }
  if (!row.words.empty()) {
    parts.push_back(Concat({"\"", ReplaceAll(std::string(row.words), "|", "\", \""), "\""}));
  }
  const std::map<int, std::string> hints = {
      {kChallenge, "a challenge"},         {kInsufficientScope, "`insufficient_scope`"},
      {kNoChallenge, "no challenge"},      {kRetryAfter, "`Retry-After`"},
      {kNoRetryAfter, "no `Retry-After`"}, {kWroteBefore, "wrote before, refused twice at most"}};
  if (const auto hint = hints.find(row.hint); hint != hints.end()) {
    parts.push_back(hint->second);
  }
  return Join(parts, "; ");
}

std::string Document() {
  const Measured measured = ReadMeasured();
  std::ostringstream text;
  text << kIntroduction << "## The table\n\n"
       << "| row | request | status | whose | code, words, header | next | may go away | skopeo | "
          "buildah | docker | BuildKit |\n|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const ClassificationRow& row : ClassificationRows()) {
    constexpr int kWhose = static_cast<int>(Whose::kNobody) + 1;
    text << "| " << row.name << " | " << RoutesOf(row) << " | " << StatusOf(row) << " | "
         << (row.phase == Phase::kAnswered ? NamesOf<Whose>(row.whose, kWhose) : "") << " | "
         << ConditionOf(row) << " | **" << Name(row.next) << "** | "
         << (row.persistence == Persistence::kTransient ? "yes" : "no");
    for (const auto& [start, name] : kClients) {
      const auto tally = measured.tallies.find({row.name, name});
      text << " | " << (tally == measured.tallies.end() ? "" : tally->second.Text());
    }
    text << " |\n";
  }
  text << "\n## The measured faults of a row\n\n| row | faults |\n|---|---|\n";
  for (const ClassificationRow& row : ClassificationRows()) {
    if (const auto faults = measured.faults.find(row.name); faults != measured.faults.end()) {
      const std::vector<std::string> names(faults->second.begin(), faults->second.end());
      text << "| " << row.name << " | " << Join(names, ", ") << " |\n";
    }
  }
  return text.str();
}

TEST(ClassificationDoc, KnowsWhatMostMeasuredPushFaultsComeTo) {
  std::size_t known = 0;
  for (const auto& [row, faults] : ReadMeasured().faults) {
    known += faults.size();
  }
  EXPECT_GE(known, 60U);
}

TEST(ClassificationDoc, IsInStepWithTheTable) {
  const std::string made = Document();
  const std::string committed = Concat({DRYDOCK_SOURCE_DIR, "/docs/classification.md"});
  if (ReadWhole(committed) == made) {
    return;
  }
  const std::string renewed = Concat({DRYDOCK_BINARY_DIR, "/classification.md"});
  std::ofstream(renewed) << made;
  FAIL() << "docs/classification.md is not what the table makes; to renew it:\n  cp " << renewed
         << " " << committed;
}

}  // namespace
}  // namespace drydock::publisher
