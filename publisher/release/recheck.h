// Whether a registry takes a build cache (again): a small image and its cache go to throw-away tags
// by the builder itself, and how that ends says whether CI may export its cache. Threads: as
// Builder. Source: runbook "Restore CI as the primary publish path as soon as the underlying
// regression is fixed"; incident of 2026-05-28.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/reference.h"
#include "publisher/build/builder.h"
#include "publisher/registry/failure.h"

namespace drydock::publisher {

struct RecheckRequest {
  ImageReference image;  // whose repository is tried; without tag or digest
  std::vector<std::string> platforms;
  std::string stamp;   // tells this recheck's tags from others: "20260529t090000z"
  std::string folder;  // an empty folder for the image's context; files are written there
};

struct RecheckReport {
  enum class Verdict { kGone, kStillThere, kNotKnown };
  Verdict verdict = Verdict::kNotKnown;
  std::string why;  // one sentence
  std::string builder;
  std::string image_tag;  // the throw-away tags; they may be there now
  std::string cache_tag;
  std::optional<Failure> failure;
};

std::string_view Name(RecheckReport::Verdict verdict);  // "gone", "still there", "not known"

// kInvalid when the folder cannot be written. A build that fails is a report.
Result<RecheckReport> Recheck(Builder& builder, const RecheckRequest& request);

std::string ToText(const RecheckReport& report);
std::string ToJson(const RecheckReport& report);  // one object, indented

}  // namespace drydock::publisher
