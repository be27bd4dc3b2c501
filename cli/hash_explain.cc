// `drydock hash --expect`, `--diff` and `--blind-spots`: what they print, for people and as JSON.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "cli/hash_command.h"
#include "cli/progress_line.h"
#include "core/text.h"
#include "publisher/hash/blind_spots.h"
#include "publisher/hash/explain.h"
#include "publisher/hash/hash_diff.h"

namespace drydock::cli {
namespace {

using nlohmann::ordered_json;
using publisher::BlindSpot;
using publisher::BlindSpotReport;
using publisher::ExplainAttempt;
using publisher::ExplainReport;
using publisher::Explanation;
using publisher::HashDiff;
using publisher::HashSubject;
using publisher::StreamPlace;

constexpr std::size_t kChangesShown = 20;

int FailHash(const Error& error) {
  std::cerr << "drydock: " << error.message() << '\n';
  return kExitRefused;
}

void PrintJson(const ordered_json& json) {
  // Names that are not UTF-8 come out with replacement characters.
  std::cout << json.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
}

void WarnOfSkipped(const std::vector<std::string>& skipped, std::string_view where) {
  for (const std::string& what : skipped) {
    std::cerr << "drydock: left out" << where << ", as the recipe does: " << what << '\n';
  }
}

ordered_json JsonOf(const ExplainReport& report) {
  ordered_json json = {{"verdict", report.matches       ? "match"
                                   : report.explained() ? "explained"
                                                        : "unexplained"},
                       {"expected", report.expected},
                       {"here", report.local.hex()},
                       {"inputs", report.inputs},
                       {"bytes", report.bytes},
                       {"skipped", report.skipped},
                       {"explanations", ordered_json::array()},
                       {"tried", ordered_json::array()},
                       {"bytes_hashed", report.bytes_hashed}};
  for (const Explanation& told : report.explanations) {
    json["explanations"].push_back({{"kind", told.kind},
                                    {"what", told.what},
                                    {"paths", told.paths},
                                    {"digest", told.digest.hex()},
                                    {"advice", told.advice},
                                    {"reproduce", told.reproduce}});
  }
  for (const ExplainAttempt& attempt : report.attempts) {
    json["tried"].push_back(
        {{"what", attempt.what}, {"trials", attempt.trials}, {"note", attempt.note}});
  }
  if (!report.slip.empty()) {
    json["slip"] = report.slip;
  }
  if (report.closest) {
    json["closest_commit"] = {{"name", report.closest->name},
                              {"differing", report.closest->differing},
                              {"only_here", report.closest->only_here},
                              {"only_there", report.closest->only_there}};
  }
  return json;
}

constexpr std::size_t kColumns = 96;

// The text in lines, all but the first one indented.
void PrintWrapped(std::string_view text, std::size_t indent) {
  std::size_t column = indent;
  for (const std::string& word : Split(text, ' ')) {
    if (column > indent && column + word.size() >= kColumns) {
      std::cout << '\n' << std::string(indent, ' ');
      column = indent;
    }
    std::cout << (column > indent ? " " : "") << word;
    column += word.size() + 1;
  }
  std::cout << '\n';
}

void PrintExplanation(const Explanation& told, std::size_t digits) {
  std::cout << "\n  ";
  PrintWrapped(told.what, 2);
  std::cout << "    proof  gives "
            << std::string(told.digest.hex()).substr(0, std::max<std::size_t>(digits, 12))
            << ", hashed twice: the second time everything read anew\n";
  if (!told.advice.empty()) {
    std::cout << "    do     ";
    PrintWrapped(told.advice, 11);
  }
  if (!told.reproduce.empty()) {
    std::cout << "    check  " << told.reproduce << '\n';
  }
}

void PrintPaths(std::string_view what, const std::vector<std::string>& paths) {
  const std::size_t shown = std::min(paths.size(), kChangesShown);
  for (std::size_t at = 0; at < shown; ++at) {
    std::cout << "    " << what << "  " << paths[at] << '\n';
  }
  if (shown < paths.size()) {
    std::cout << "    " << what << "  … and " << paths.size() - shown << " more\n";
  }
}

void PrintUnexplained(const ExplainReport& report) {
  std::cout << "\nDiffers, and nothing that was tried gives the expected value.\n\ntried\n";
  for (const ExplainAttempt& attempt : report.attempts) {
    const std::string trials = std::to_string(attempt.trials);
    std::cout << std::string(8 - std::min<std::size_t>(trials.size(), 8), ' ') << trials << "  "
              << attempt.what << '\n';
    if (!attempt.note.empty()) {
      std::cout << std::string(10, ' ');
      PrintWrapped(attempt.note, 10);
    }
  }
  std::cout << "  " << HumanBytes(report.bytes_hashed) << " hashed for it\n";
  if (!report.slip.empty()) {
    std::cout << "\nnearest value (mistyped?)\n  " << report.slip << '\n';
  }
  if (report.closest) {
    const auto& closest = *report.closest;
    std::cout << "\nnearest commit\n  " << closest.name;
    if (closest.differing.empty() && closest.only_here.empty() && closest.only_there.empty()) {
      std::cout << ", which has exactly the inputs here\n";
    } else {
      std::cout << '\n';
      PrintPaths("differs   ", closest.differing);
      PrintPaths("only here ", closest.only_here);
      PrintPaths("only there", closest.only_there);
    }
  }
}

void PrintExplainReport(const ExplainReport& report) {
  std::cout << "expected  " << report.expected << "\nhere      "
            << std::string(report.local.hex()).substr(0, report.expected.size()) << "   "
            << report.inputs << " inputs, " << HumanBytes(report.bytes) << '\n';
  if (report.matches) {
    std::cout << "\nThe same.\n";
  } else if (report.explained()) {
    std::cout << "\nDiffers, and this is why:\n";
    for (const Explanation& told : report.explanations) {
      PrintExplanation(told, report.expected.size());
    }
  } else {
    PrintUnexplained(report);
  }
}

// What a person means by a word: a folder, an archive, or else a commit.
HashSubject SubjectOf(const HashCommand& command, const std::string& word) {
  std::error_code failure;
  if (std::filesystem::is_directory(word, failure)) {
    return {word, "", ""};
  }
  if (std::filesystem::is_regular_file(word, failure)) {
    return {command.root, "", word};
  }
  return {command.root, word, ""};
}

std::string_view NameOfChange(HashDiff::Change::Kind kind) {
  switch (kind) {
    case HashDiff::Change::Kind::kOnlyInA:
      return "only in A";
    case HashDiff::Change::Kind::kOnlyInB:
      return "only in B";
    case HashDiff::Change::Kind::kDiffers:
      return "differs";
  }
  return "";
}

void PrintPlace(std::string_view side, const StreamPlace& place) {
  std::cout << "  " << side << "  ";
  if (place.path.empty()) {
    std::cout << "ends here\n";
  } else {
    std::cout << place.path << ":" << place.line << "  (byte " << place.offset << " of it)\n       "
              << place.text << '\n';
  }
}

ordered_json JsonOf(const StreamPlace& place) {
  return place.path.empty() ? ordered_json(nullptr)
                            : ordered_json{{"path", place.path},
                                           {"line", place.line},
                                           {"offset", place.offset},
                                           {"text", place.text}};
}

ordered_json JsonOf(const HashDiff& diff) {
  const auto side = [](const HashDiff::Side& of) {
    return ordered_json{{"name", of.name},
                        {"digest", of.digest.hex()},
                        {"inputs", of.inputs},
                        {"bytes", of.bytes},
                        {"skipped", of.skipped}};
  };
  ordered_json json = {{"same", diff.same()}, {"a", side(diff.a)}, {"b", side(diff.b)}};
  if (diff.first) {
    json["first"] = {{"offset", diff.first->offset},
                     {"a", JsonOf(diff.first->in_a)},
                     {"b", JsonOf(diff.first->in_b)}};
  }
  json["changes"] = ordered_json::array();
  for (const HashDiff::Change& change : diff.changes) {
    json["changes"].push_back({{"kind", NameOfChange(change.kind)}, {"path", change.path}});
  }
  return json;
}

void PrintDiff(const HashDiff& diff) {
  for (const auto& [side, of] : {std::pair('A', &diff.a), std::pair('B', &diff.b)}) {
    std::cout << side << "  " << of->digest.Short() << "  " << of->inputs << " inputs, "
              << HumanBytes(of->bytes) << "  " << of->name << '\n';
  }
  if (diff.first) {
    std::cout << "\nfirst difference: byte " << diff.first->offset << " of the stream\n";
    PrintPlace("A", diff.first->in_a);
    PrintPlace("B", diff.first->in_b);
  } else {
    std::cout << "\nThe same stream.\n";
  }
  if (!diff.changes.empty()) {
    std::cout << "\ninputs" << (diff.first ? "" : " that differ without changing the stream")
              << '\n';
    const std::size_t shown = std::min(diff.changes.size(), kChangesShown);
    for (std::size_t at = 0; at < shown; ++at) {
      const std::string_view name = NameOfChange(diff.changes[at].kind);
      std::cout << "  " << name << std::string(11 - name.size(), ' ') << diff.changes[at].path
                << '\n';
    }
    if (shown < diff.changes.size()) {
      std::cout << "  … and " << diff.changes.size() - shown << " more (--json lists all)\n";
    }
  }
}

ordered_json JsonOf(const std::vector<BlindSpot>& spots) {
  ordered_json json = ordered_json::array();
  for (const BlindSpot& spot : spots) {
    json.push_back({{"kind", Name(spot.kind)}, {"what", spot.what}, {"paths", spot.paths}});
  }
  return json;
}

ordered_json JsonOf(const BlindSpotReport& report) {
  ordered_json json = {{"now", report.now.hex()}};
  if (!report.since.empty()) {
    json["since"] = report.since;
    json["before"] = report.before.hex();
    json["rebuilt"] = report.rebuilt();
  }
  json["changes"] = JsonOf(report.changes);
  json["floating"] = JsonOf(report.floating);
  json["skipped"] = report.skipped;
  return json;
}

void PrintSpots(const std::vector<BlindSpot>& spots) {
  for (const BlindSpot& spot : spots) {
    const std::string_view kind = Name(spot.kind);
    std::cout << "  " << kind << std::string(12 - kind.size(), ' ') << spot.what << '\n';
  }
}

void PrintBlindSpots(const BlindSpotReport& report) {
  if (report.since.empty()) {
    std::cout << "base-" << report.now.Short() << "\nNothing to compare with: no tag before HEAD, "
              << "and no SINCE was given.\n";
  } else if (report.rebuilt()) {
    std::cout << "base-" << report.before.Short() << " at " << report.since << ", base-"
              << report.now.Short() << " now: the base is rebuilt.\n";
  } else {
    std::cout << "base-" << report.now.Short() << " at " << report.since
              << " and now: the base will NOT be rebuilt.\n";
  }
  if (!report.changes.empty()) {
    std::cout << (report.rebuilt()
                      ? "\nshipped with this rebuild, though the hash does not see it:\n"
                      : "\nwarning: changed, and NOT shipped:\n");
    PrintSpots(report.changes);
  } else if (!report.since.empty()) {
    std::cout << "Nothing changed that the hash cannot see.\n";
  }
  if (!report.floating.empty()) {
    std::cout << "\nwarning: resolved when a base is built, so that base-" << report.now.Short()
              << " keeps what was current then:\n";
    PrintSpots(report.floating);
  }
}

}  // namespace

void PrintHashAsJson(const HashCommand& command, const publisher::BaseHash& hash,
                     const std::string& expected) {
  ordered_json json = {
      {"hash", hash.Short()},    {"digest", hash.digest.hex()}, {"of", command.Subject().Name()},
      {"files", hash.files},     {"bytes", hash.bytes},         {"bytes_reused", hash.bytes_reused},
      {"skipped", hash.skipped}, {"notes", hash.notes}};
  if (!expected.empty()) {
    json["expected"] = expected;
    json["matches"] = hash.digest.hex().starts_with(expected);
  }
  PrintJson(json);
}

int ExplainHash(const HashCommand& command, const publisher::Recipe& recipe,
                const std::string& expected) {
  const auto report = [&] {
    ProgressLine line;
    publisher::ExplainOptions options;
    options.locales = command.locales;
    options.effort = command.effort_gb * 1'000'000'000;
    options.on_progress = [&](const publisher::ExplainProgress& progress) {
      if (line.Due()) {
        line.Show(Concat({"explain: ", progress.trying, ": ", std::to_string(progress.trials),
                          " trials; ", HumanBytes(progress.bytes), " of ",
                          HumanBytes(options.effort), " hashed"}));
      }
    };
    return Explain(command.Subject(), recipe, expected, options);
  }();
  if (!report) {
    return FailHash(report.error());
  }
  if (command.json) {
    PrintJson(JsonOf(*report));
  } else {
    WarnOfSkipped(report->skipped, "");
    PrintExplainReport(*report);
  }
  return report->matches ? 0 : report->explained() ? kExitDiffers : kExitUnexplained;
}

int DiffTwoHashes(const HashCommand& command, const publisher::Recipe& recipe) {
  const auto diff =
      DiffHashes(SubjectOf(command, command.diff[0]), SubjectOf(command, command.diff[1]), recipe);
  if (!diff) {
    return FailHash(diff.error());
  }
  if (command.json) {
    PrintJson(JsonOf(*diff));
  } else {
    WarnOfSkipped(diff->a.skipped, " in A");
    WarnOfSkipped(diff->b.skipped, " in B");
    PrintDiff(*diff);
  }
  return diff->same() ? 0 : kExitDiffers;
}

int ShowBlindSpots(const HashCommand& command, const publisher::Recipe& recipe) {
  const auto report = FindBlindSpots(command.Subject(), command.since, recipe);
  if (!report) {
    return FailHash(report.error());
  }
  if (command.json) {
    PrintJson(JsonOf(*report));
  } else {
    WarnOfSkipped(report->skipped, "");
    PrintBlindSpots(*report);
  }
  return report->changes.empty() && report->floating.empty() ? 0 : kExitDiffers;
}

}  // namespace drydock::cli
