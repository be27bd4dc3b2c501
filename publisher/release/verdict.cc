#include "publisher/release/verdict.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"

namespace drydock::publisher {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kStepColumn = 24;
constexpr std::size_t kTagColumn = 36;

// In a column, apart from what follows.
std::string Cell(std::string_view text, std::size_t width) {
  return PadRight(text, std::max(width, text.size() + 1));
}

// Ends a line whose last columns may be empty.
std::string Line(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string ShortDigest(std::string_view digest) {
  const std::size_t colon = digest.find(':');
  return std::string(digest.substr(0, colon == std::string_view::npos ? 19 : colon + 13));
}

Json ToJsonValue(const Failure& failure) {
  Json json;
  json["answerer"] = Name(failure.answerer);
  json["persistence"] = Name(failure.persistence);
  if (failure.status != 0) {
    json["status"] = failure.status;
    json["body"] = Name(failure.body);
  }
  const auto put = [&json](const char* key, const std::string& value) {
    if (!value.empty()) {
      json[key] = value;
    }
  };
  put("code", failure.code);
  put("method", failure.method);
  put("url", failure.url);
  json["words"] = failure.words;
  put("advice", failure.advice);
  json["attempts"] = failure.attempts;
  json["cache-export"] = failure.cache_export;
  return json;
}

}  // namespace

std::string_view Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPublishedVerified:
      return "published-and-verified";
    case Verdict::kPublishedNotVerified:
      return "published-not-verified";
    case Verdict::kPartial:
      return "partial";
    case Verdict::kNothingChanged:
      return "nothing-changed";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kUnknown:
      return "unknown";
  }
  return "unknown";
}

int ExitCode(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPublishedVerified:
      return 0;
    case Verdict::kPublishedNotVerified:
      return 3;
    case Verdict::kPartial:
      return 4;
    case Verdict::kNothingChanged:
      return 5;
    case Verdict::kRefused:
      return 6;
    case Verdict::kUnknown:
      return 7;
  }
  return 7;
}

std::string_view Name(StepOutcome outcome) {
  switch (outcome) {
    case StepOutcome::kRan:
      return "ran";
    case StepOutcome::kSkipped:
      return "skipped";
    case StepOutcome::kFailed:
      return "failed";
    case StepOutcome::kNotReached:
      return "not-reached";
  }
  return "not-reached";
}

std::string_view Name(TagState state) {
  switch (state) {
    case TagState::kVerified:
      return "verified";
    case TagState::kPublished:
      return "published";
    case TagState::kOther:
      return "stale";
    case TagState::kMissing:
      return "missing";
    case TagState::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::string Explain(const Failure& failure) {
  return failure.answerer == Answerer::kLocal ? failure.words : failure.ToString();
}

int ExitCode(const PublishReport& report) {
  return report.planned && !report.failure ? 0 : ExitCode(report.verdict);
}

std::string ToText(const PublishReport& report) {
  std::string text = Concat({report.planned ? "plan for " : "publish of ", report.image, " ",
                             report.release_tag, "\n", report.checks.empty() ? "" : "\nchecks\n"});
  for (const PreflightCheck& check : report.checks) {
    text += Line(Concat({"  ", Cell(check.name, kStepColumn), Cell(Name(check.result), 12),
                         check.found, check.remedy.empty() ? "" : Concat({"; ", check.remedy})}));
  }
  text += "\nsteps\n";
  for (const StepRecord& step : report.steps) {
    text += Line(
        Concat({"  ", Cell(step.name, kStepColumn), Cell(Name(step.outcome), 12), step.detail,
                step.span > Duration(0) ? Concat({" (", FormatDuration(step.span), ")"}) : ""}));
  }
  return text + EndingText(report);
}

std::string EndingText(const PublishReport& report) {
  std::string text;
  if (!report.versions.empty()) {
    text += "\nversions\n";
    for (const auto& [argument, version] : report.versions) {
      text += Concat({"  ", Cell(argument, kStepColumn), version, "\n"});
    }
  }
  text += report.tags.empty() ? "" : "\ntags\n";
  for (const TagRecord& tag : report.tags) {
    std::string line = Concat(
        {"  ", Cell(tag.tag, kTagColumn), Cell(Name(tag.state), 10), ShortDigest(tag.digest)});
    if (!tag.before.empty() && tag.before != tag.digest) {
      line += Concat({" (before: ", ShortDigest(tag.before), ")"});
    }
    text += Line(std::move(line));
  }
  if (report.failure) {
    text +=
        Concat({"\nwhat stopped it\n  ",
                report.failure->cancelled ? "Ctrl-C or a signal" : Explain(*report.failure), "\n"});
  }
  if (!report.next.empty()) {
    text += "\nwhat to do next\n";
    for (const std::string& sentence : report.next) {
      text += Concat({"  - ", sentence, "\n"});
    }
  }
  const bool clear = report.planned && !report.failure;
  text += Concat({"\n", clear ? "plan" : "verdict", ": ",
                  clear ? "nothing stands in the way" : Name(report.verdict),
                  report.why.empty() ? "" : Concat({" - ", report.why}),
                  "\nexit code: ", std::to_string(ExitCode(report)), "\n"});
  return text;
}

std::string ToJson(const PublishReport& report) {
  Json json;
  json["image"] = report.image;
  json["release"] = report.release_tag;
  json["planned"] = report.planned;
  json["verdict"] = Name(report.verdict);
  json["exit-code"] = ExitCode(report);
  json["why"] = report.why;
  json["checks"] = Json::array();
  for (const PreflightCheck& check : report.checks) {
    json["checks"].push_back({{"name", check.name},
                              {"result", Name(check.result)},
                              {"found", check.found},
                              {"remedy", check.remedy}});
  }
  json["steps"] = Json::array();
  for (const StepRecord& step : report.steps) {
    json["steps"].push_back({{"name", step.name},
                             {"outcome", Name(step.outcome)},
                             {"detail", step.detail},
                             {"milliseconds", step.span.count() / 1000}});
  }
  json["versions"] = Json::object();
  for (const auto& [argument, version] : report.versions) {
    json["versions"][argument] = version;
  }
  json["tags"] = Json::array();
  for (const TagRecord& tag : report.tags) {
    json["tags"].push_back({{"tag", tag.tag},
                            {"state", Name(tag.state)},
                            {"digest", tag.digest},
                            {"before", tag.before}});
  }
  if (report.failure) {
    json["failure"] = ToJsonValue(*report.failure);
  }
  if (!report.build_log.empty()) {
    json["build-log"] = report.build_log;
  }
  json["next"] = report.next;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace drydock::publisher
