#include "publisher/release/diagnosis_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/http.h"
#include "core/journal.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kQuotedLogLines = 12;
constexpr std::string_view kUploads = "/blobs/uploads/";
constexpr std::string_view kOffset = "\"Offset\":";

std::string_view StateName(SuspectState state) {
  switch (state) {
    case SuspectState::kGuilty:
      return "guilty";
    case SuspectState::kCleared:
      return "cleared";
    case SuspectState::kOpen:
      return "open";
  }
  return "open";
}

// " (Offset:0)" when the upload state tells it.
std::string OffsetNote(const Url& url) {
  const auto state = FromBase64(url.QueryValue("_state").value_or(""));
  const std::size_t at = state ? state->find(kOffset) : std::string::npos;
  if (at == std::string::npos) {
    return {};
  }
  const std::size_t start = at + kOffset.size();
  const std::size_t end = state->find_first_not_of("0123456789", start);
  const std::string digits = state->substr(start, end - start);
  return digits.empty() ? std::string() : Concat({" (Offset:", digits, ")"});
}

std::string Query(const Url& url) {
  std::vector<std::string> shown;
  for (const std::string& parameter : Split(url.query, '&')) {
    const std::string name = parameter.substr(0, parameter.find('='));
    if (name == "digest") {
      shown.push_back(Concat({"digest=", url.QueryValue("digest").value_or("")}));
    } else if (!name.empty()) {
      shown.push_back(Concat({name, "=…"}));
    }
  }
  return shown.empty() ? std::string() : Concat({"?", Join(shown, "&")});
}

std::string LastLines(std::string_view text, std::size_t count) {
  std::vector<std::string> lines = Split(Trim(text), '\n');
  if (lines.size() > count) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
  }
  return Join(lines, "\n");
}

void AddList(std::string& text, std::string_view heading, const std::vector<std::string>& lines) {
  if (lines.empty()) {
    return;
  }
  text += Concat({"\n## ", heading, "\n\n"});
  for (const std::string& line : lines) {
    text += Concat({"- ", line, "\n"});
  }
}

std::vector<std::string> SuspectLines(const Diagnosis& diagnosis) {
  std::vector<std::string> lines;
  for (const Suspect& suspect : diagnosis.suspects) {
    lines.push_back(Concat({suspect.what, ": ", StateName(suspect.state), " - ", suspect.because}));
  }
  return lines;
}

// A table of what the two paths do not have in common, in Markdown.
std::string DifferenceTable(const Diagnosis& diagnosis) {
  if (diagnosis.differences.empty()) {
    return {};
  }
  std::string text = "\n## What differed\n\n| | CI | host |\n|---|---|---|\n";
  for (const Difference& difference : diagnosis.differences) {
    text += Concat({"| ", difference.what, " | ", difference.ci, " | ", difference.host, " |\n"});
  }
  return text;
}

// The same for a terminal.
std::string DifferenceColumns(const Diagnosis& diagnosis) {
  if (diagnosis.differences.empty()) {
    return {};
  }
  std::size_t first = 0;
  std::size_t second = 0;
  for (const Difference& difference : diagnosis.differences) {
    first = std::max(first, difference.what.size());
    second = std::max(second, difference.ci.size());
  }
  std::string text = Concat(
      {"\nwhat differed\n  ", PadRight("", first), "  ", PadRight("CI", second), "  host\n"});
  for (const Difference& difference : diagnosis.differences) {
    text += Concat({"  ", PadRight(difference.what, first), "  ", PadRight(difference.ci, second),
                    "  ", difference.host, "\n"});
  }
  return text;
}

std::string Boundary(const Diagnosis& diagnosis) {
  return Concat({diagnosis.first_failure ? FormatRfc3339(*diagnosis.first_failure) : "not known",
                 diagnosis.last_success_before
                     ? Concat({"; it last worked ", FormatRfc3339(*diagnosis.last_success_before)})
                     : "; no success before it is on record"});
}

}  // namespace

std::string RequestFragment(std::string_view method, std::string_view url) {
  const auto parsed = Url::Parse(RedactedUrl(url));
  if (!parsed) {
    return Concat({method, " ", RedactedUrl(url)});
  }
  std::string path = parsed->path;
  if (const std::size_t at = path.find(kUploads); at != std::string::npos) {
    path = Concat({path.substr(0, at + kUploads.size()), "…"});
  }
  return Concat({method, " ", parsed->Origin(), path, Query(*parsed), OffsetNote(*parsed)});
}

std::string DescribeAttempt(const Attempt& attempt) {
  return Concat({attempt.path, attempt.label.empty() ? "" : " ", attempt.label, " ",
                 FormatRfc3339(attempt.time), " cache export ", attempt.cache_export ? "on" : "off",
                 attempt.changed.empty() ? "" : Concat({" (", Join(attempt.changed, ", "), ")"})});
}

std::string UpstreamRecord(const Diagnosis& diagnosis, std::string_view log) {
  std::string text =
      Concat({"# Push rejected: ", diagnosis.failure_shape, "\n\n", diagnosis.summary, "\n\n"});
  text += Concat(
      {"- failure shape: ", diagnosis.failure_shape, " (", Name(diagnosis.persistence), ")\n"});
  if (!diagnosis.request_fragment.empty()) {
    text += Concat({"- request: `", diagnosis.request_fragment, "`\n"});
  }
  text += Concat({"- first failure: ", Boundary(diagnosis), "\n"});
  text += Concat({"- cause: ", Name(diagnosis.cause), "\n"});
  text += DifferenceTable(diagnosis);
  AddList(text, "What failed", diagnosis.failed);
  AddList(text, "What worked", diagnosis.worked);
  AddList(text, "Suspects", SuspectLines(diagnosis));
  if (!log.empty()) {
    text += Concat({"\n## The builder's last lines\n\n```\n",
                    RedactedText(LastLines(log, kQuotedLogLines)), "\n```\n"});
  }
  return text;
}

std::string ToText(const Diagnosis& diagnosis) {
  std::string text = Concat({"verdict: ", Name(diagnosis.trouble),
                             "\ncause:   ", Name(diagnosis.cause), "\n", diagnosis.summary, "\n"});
  if (!diagnosis.failed.empty()) {
    text +=
        Concat({"\nfailure: ", diagnosis.failure_shape, " (", Name(diagnosis.persistence), ")\n"});
    if (!diagnosis.request_fragment.empty()) {
      text += Concat({"request: ", diagnosis.request_fragment, "\n"});
    }
    text += Concat({"since:   ", Boundary(diagnosis), "\n"});
  }
  const auto list = [&text](std::string_view heading, const std::vector<std::string>& lines) {
    text += lines.empty() ? "" : Concat({"\n", heading, "\n"});
    for (const std::string& line : lines) {
      text += Concat({"  - ", line, "\n"});
    }
  };
  text += DifferenceColumns(diagnosis);
  list("suspects", SuspectLines(diagnosis));
  list("what failed", diagnosis.failed);
  list("what worked", diagnosis.worked);
  list("pushed by digest, without a tag", diagnosis.untagged);
  list("what to do next", diagnosis.next);
  return text;
}

std::string ToJson(const Diagnosis& diagnosis) {
  Json json;
  json["verdict"] = Name(diagnosis.trouble);
  json["cause"] = Name(diagnosis.cause);
  json["summary"] = diagnosis.summary;
  json["persistence"] = Name(diagnosis.persistence);
  json["failure-shape"] = diagnosis.failure_shape;
  json["request-fragment"] = diagnosis.request_fragment;
  if (diagnosis.first_failure) {
    json["first-failure"] = FormatRfc3339(*diagnosis.first_failure);
  }
  if (diagnosis.last_success_before) {
    json["last-success-before"] = FormatRfc3339(*diagnosis.last_success_before);
  }
  json["suspects"] = Json::array();
  for (const Suspect& suspect : diagnosis.suspects) {
    json["suspects"].push_back({{"what", suspect.what},
                                {"state", StateName(suspect.state)},
                                {"because", suspect.because}});
  }
  json["differences"] = Json::array();
  for (const Difference& difference : diagnosis.differences) {
    json["differences"].push_back(
        {{"what", difference.what}, {"ci", difference.ci}, {"host", difference.host}});
  }
  json["failed"] = diagnosis.failed;
  json["worked"] = diagnosis.worked;
  json["untagged"] = diagnosis.untagged;
  json["next"] = diagnosis.next;
  json["upstream"] = diagnosis.upstream;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace drydock::publisher
