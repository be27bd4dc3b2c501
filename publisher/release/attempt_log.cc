#include "publisher/release/attempt_log.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::uint64_t kLogBytesMax = 64u << 20;
constexpr std::size_t kStampChars = 40;

// Without "ESC [ … letter".
std::string WithoutColour(std::string_view line) {
  std::string plain;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\x1b' && at + 1 < line.size() && line[at + 1] == '[') {
      at = std::min(line.find_first_not_of("0123456789;?", at + 2), line.size() - 1);
    } else if (line[at] != '\r') {
      plain += line[at];
    }
  }
  return plain;
}

// Takes "2026-05-28T06:00:00.1234567Z " off the line's start and gives the time in it.
std::optional<TimePoint> TakeStamp(std::string& line) {
  const std::size_t end = line.substr(0, kStampChars).find("Z ");
  if (end == std::string::npos) {
    return std::nullopt;
  }
  std::string stamp = line.substr(0, end);
  constexpr std::size_t kToMilliseconds = 23;  // "2026-05-28T06:00:00.123"
  stamp.resize(std::min(stamp.size(), kToMilliseconds));
  const auto time = ParseRfc3339(stamp + "Z");
  if (time) {
    line.erase(0, end + 2);
  }
  return time;
}

enum class Ending { kNotTold, kGood, kBad };

// The number after `words`; nullopt without one.
std::optional<std::uint64_t> NumberAfter(std::string_view line, std::string_view words) {
  const std::size_t at = line.find(words);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = line.substr(at + words.size());
  return ParseUnsigned(rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size())));
}

Ending EndingIn(std::string_view line) {
  constexpr std::array<std::string_view, 4> kBad = {"Job failed", "::error::", "##[error]",
                                                    "failed to solve: "};
  constexpr std::array<std::string_view, 3> kGood = {"Job succeeded", "published and verified",
                                                     "Writing manifest to image destination"};
  const auto tells = [line](std::string_view words) { return Contains(line, words); };
  if (line.starts_with("ERROR: ") || line.starts_with("Error: ") ||
      NumberAfter(line, "exited with code ").value_or(0) != 0 ||
      NumberAfter(line, "completed with exit code ").value_or(0) != 0 ||
      std::any_of(kBad.begin(), kBad.end(), tells)) {
    return Ending::kBad;
  }
  const bool pushed = Contains(line, "pushing manifest for ") && Contains(line, " done");
  return pushed || std::any_of(kGood.begin(), kGood.end(), tells) ? Ending::kGood
                                                                  : Ending::kNotTold;
}

bool ExportsCache(std::string_view line) {
  return Contains(line, "--cache-to") || Contains(line, "exporting cache to registry") ||
         (Contains(line, "cache-to: ") && !line.ends_with("cache-to: "));
}

// The word after `mark`, up to a blank, a quote or a comma.
std::string WordAfter(std::string_view line, std::string_view mark) {
  const std::size_t at = line.find(mark);
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = line.substr(at + mark.size());
  return std::string(rest.substr(0, rest.find_first_of(" \t\"',)")));
}

struct FactMark {
  std::string_view fact;
  std::string_view mark;
};
// What the logs of docker, buildx and the CI actions say of themselves.
constexpr std::array<FactMark, 8> kFacts = {{{"buildx", "github.com/docker/buildx "},
                                             {"buildx", "docker buildx "},
                                             {"buildkit", "moby/buildkit:"},
                                             {"buildkit", "BuildKit version: "},
                                             {"buildkit", "Buildkit: "},
                                             {"driver", "Driver: "},
                                             {"driver", "--driver "},
                                             {"runner", "Runner version: "}}};

void TakeFacts(std::string_view line, Attempt& attempt) {
  for (const auto& [fact, mark] : kFacts) {
    const std::string value = WordAfter(line, mark);
    const bool version = fact == "driver" || value.find_first_of("0123456789") < 2;
    const bool known =
        std::any_of(attempt.facts.begin(), attempt.facts.end(),
                    [name = fact](const auto& known_fact) { return known_fact.first == name; });
    if (!value.empty() && version && !known) {
      attempt.facts.emplace_back(fact, value);
    }
  }
}

// The report that `drydock publish --json` prints.
Result<Attempt> FromReport(Attempt attempt, const json::Value& report) {
  const std::string_view verdict = report.Text("verdict");
  if (verdict.empty()) {
    return Error(ErrorCode::kInvalid,
                 Concat({attempt.label, ": neither a log nor a report of drydock publish"}));
  }
  attempt.succeeded = verdict.starts_with("published");
  attempt.log = std::string(report.Text("build-log"));
  if (const json::Value* failure = report.Find("failure"); failure && attempt.log.empty()) {
    attempt.log = Concat({"ERROR: ", failure->Text("words"), "\n"});
  }
  return attempt;
}

TimePoint WrittenAt(const std::string& file) {
  struct stat found {};
  return ::stat(file.c_str(), &found) == 0 ? TimePoint(std::chrono::seconds(found.st_mtime))
                                           : TimePoint();
}

// One entry of an attempts file.
class EntryReader {
 public:
  EntryReader(json::Source& source, const std::string& file) : source_(source), file_(file) {}

  void Read(const json::Value& value, std::vector<Attempt>& into) {
    json::ObjectReader reader(source_, value, "attempt");
    std::string path;
    std::string label;
    std::string log;
    if (reader.Require("path", path) && path != "ci" && path != "host") {
      reader.Fail("path", Concat({"expected \"ci\" or \"host\", found: \"", path, "\""}));
    }
    reader.Read("label", label);
    Attempt attempt;
    attempt.path = path;
    attempt.label = label;
    const bool logged = reader.Read("log", log);
    if (logged) {
      attempt = FromLog(reader, std::move(attempt), log);
    }
    const bool timed = reader.Read("time", attempt.time);
    const bool told = reader.Read("succeeded", attempt.succeeded);
    if (!logged && (!timed || !told)) {
      reader.Fail(timed ? "succeeded" : "time", "needed where no \"log\" tells it");
    }
    reader.Read("cache-export", attempt.cache_export);
    reader.Read("changed", attempt.changed);
    reader.Finish();
    into.push_back(std::move(attempt));
  }

 private:
  Attempt FromLog(json::ObjectReader& reader, Attempt named, const std::string& log) {
    const auto path = std::filesystem::path(file_).parent_path() / log;
    auto read = ReadAttemptLogFile(named.path, path.string());
    if (!read) {
      reader.Fail("log", read.error().message());
      return named;
    }
    if (!named.label.empty()) {
      read->label = named.label;
    }
    return std::move(*read);
  }

  json::Source& source_;
  const std::string& file_;
};

}  // namespace

Result<Attempt> ReadAttemptLog(std::string path, std::string label, std::string_view text,
                               TimePoint written) {
  Attempt attempt;
  attempt.path = std::move(path);
  attempt.label = std::move(label);
  attempt.time = written;
  if (Trim(text).starts_with('{')) {
    if (const auto report = json::Parse(text, attempt.label)) {
      return FromReport(std::move(attempt), *report);
    }
  }
  Ending ending = Ending::kNotTold;
  bool stamped = false;
  for (const std::string& raw : Split(text, '\n')) {
    std::string line = WithoutColour(raw);
    const auto stamp = TakeStamp(line);
    if (stamp && !stamped) {
      stamped = true;
      attempt.time = *stamp;
    }
    const Ending here = EndingIn(line);
    ending = here == Ending::kNotTold ? ending : here;
    attempt.cache_export = attempt.cache_export || ExportsCache(line);
    TakeFacts(line, attempt);
    attempt.log += Concat({line, "\n"});
  }
  if (ending == Ending::kNotTold) {
    return Error(ErrorCode::kInvalid,
                 Concat({attempt.label,
                         ": the log does not say how it ended; is it whole? An attempts file can "
                         "say so (\"succeeded\")"}));
  }
  attempt.succeeded = ending == Ending::kGood;
  return attempt;
}

Result<Attempt> ReadAttemptLogFile(std::string path, const std::string& file) {
  const auto text = ReadWholeFile(file, kLogBytesMax);
  if (!text) {
    return text.error();
  }
  auto attempt = ReadAttemptLog(std::move(path), file, *text, WrittenAt(file));
  if (attempt) {
    attempt->label = std::filesystem::path(file).filename().string();
  }
  return attempt;
}

Result<std::string> BaseHashIn(std::string_view log, std::string_view source) {
  constexpr std::string_view kLine = "Computed base tag: base-";
  constexpr std::size_t kDigits = 12;
  for (std::size_t at = log.rfind(kLine); at != std::string::npos;
       at = at == 0 ? std::string::npos : log.rfind(kLine, at - 1)) {
    const std::string_view rest = log.substr(at + kLine.size());
    const std::size_t end = std::min(rest.find_first_not_of("0123456789abcdef"), rest.size());
    if (end == kDigits) {  // the workflow's own script, echoed, names a variable there
      return std::string(rest.substr(0, kDigits));
    }
  }
  return Error(ErrorCode::kNotFound, Concat({source, ": no line \"", kLine,
                                             "<12 hex digits>\"; is it the log of the "
                                             "base-decide job?"}));
}

Result<std::string> BaseHashInLog(const std::string& file) {
  const auto text = ReadWholeFile(file, kLogBytesMax);
  return text ? BaseHashIn(*text, file) : text.error();
}

Result<std::vector<Attempt>> ReadAttemptsFile(const std::string& file) {
  const auto root = json::ParseFile(file);
  if (!root) {
    return root.error();
  }
  json::Source source(file);
  json::ObjectReader reader(source, *root, "evidence");
  std::vector<Attempt> attempts;
  if (const json::Value* list = reader.Required("attempts")) {
    if (list->as_array() == nullptr || list->as_array()->empty()) {
      reader.Fail("attempts", "expected a list of attempts");
    } else {
      EntryReader entries(source, file);
      for (const json::Value& entry : *list->as_array()) {
        entries.Read(entry, attempts);
      }
    }
  }
  reader.Finish();
  if (!source.ok()) {
    return source.status().error();
  }
  return attempts;
}

}  // namespace drydock::publisher
