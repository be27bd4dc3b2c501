#include "publisher/release/recheck.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::string_view kTagPrefix = "drydock-recheck-";

Status WriteContext(const std::string& path, std::string_view text) {
  std::ofstream file(path);
  file << text;
  return file.flush() ? Status(Ok{})
                      : Status(Error(ErrorCode::kInvalid, Concat({path, ": cannot be written"})));
}

void Conclude(const Failure& failure, RecheckReport& report) {
  report.failure = failure;
  const bool lasting = failure.persistence == Persistence::kDeterministic;
  if (failure.cache_export && lasting) {
    report.verdict = RecheckReport::Verdict::kStillThere;
    report.why = Concat({"the cache export is still rejected: ", failure.ToString()});
    return;
  }
  report.why =
      failure.cache_export
          ? Concat({"the cache export failed in a way that may pass: ", failure.ToString()})
          : Concat({"it failed before the cache was exported: ", failure.ToString()});
}

}  // namespace

std::string_view Name(RecheckReport::Verdict verdict) {
  switch (verdict) {
    case RecheckReport::Verdict::kGone:
      return "gone";
    case RecheckReport::Verdict::kStillThere:
      return "still there";
    case RecheckReport::Verdict::kNotKnown:
      return "not known";
  }
  return "not known";
}

Result<RecheckReport> Recheck(Builder& builder, const RecheckRequest& request) {
  // The stamp in the layer: a builder that has it in its own cache would not send it.
  for (const Status& written :
       {WriteContext(request.folder + "/Dockerfile", "FROM scratch\nCOPY stamp /stamp\n"),
        WriteContext(request.folder + "/stamp", request.stamp)}) {
    if (!written) {
      return written.error();
    }
  }
  ImageReference image = request.image;
  image.tag = Concat({kTagPrefix, request.stamp});
  RecheckReport report;
  report.builder = builder.Describe();
  report.image_tag = image.ToString();
  report.cache_tag = report.image_tag + "-cache";
  BuildRequest build;
  build.context = request.folder;
  build.platforms = request.platforms;
  build.tags = {image};
  build.cache_to = {Concat({"type=registry,ref=", report.cache_tag, ",mode=max"})};
  const auto built = builder.Build(build);
  if (!built) {
    Failure failure = LocalFailure(built.error().message());
    failure.answerer = Answerer::kBuilder;
    Conclude(failure, report);
  } else if (built->exit_code != 0) {
    Conclude(built->failure ? *built->failure : ClassifyBuildLog(built->log, built->exit_code),
             report);
  } else {
    report.verdict = RecheckReport::Verdict::kGone;
    report.why = "the registry took the image and its cache: CI may export its cache again";
  }
  return report;
}

std::string ToText(const RecheckReport& report) {
  return Concat({"regression: ", Name(report.verdict), " - ", report.why,
                 "\nbuilder:    ", report.builder, "\nthrow-away: ", report.image_tag, ", ",
                 report.cache_tag, " (delete them on the registry's page when they are there)\n"});
}

std::string ToJson(const RecheckReport& report) {
  nlohmann::ordered_json json;
  json["regression"] = Name(report.verdict);
  json["why"] = report.why;
  json["builder"] = report.builder;
  json["throw-away"] = {report.image_tag, report.cache_tag};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace drydock::publisher
