// `drydock diagnose --recheck`: whether the registry takes a build cache again.
#include "cli/recheck.h"

#include <iostream>
#include <string>

#include "cli/commands.h"
#include "core/clock.h"
#include "core/text.h"
#include "publisher/build/buildx_builder.h"
#include "publisher/build/scratch_folder.h"
#include "publisher/release/recheck.h"
#include "publisher/release/release_file.h"

namespace drydock::cli {
namespace {

constexpr int kExitStillThere = 3;
constexpr int kExitNotKnown = 4;

}  // namespace

int RunRecheck(const RecheckFlags& flags) {
  auto release = publisher::ReadReleaseFile(flags.release);
  if (!release) {
    return BadInput(release.error().message());
  }
  if (!flags.registry.empty()) {
    const auto image =
        ImageReference::Parse(Concat({flags.registry, "/", release->image.repository}));
    if (!image || image->repository != release->image.repository) {
      return BadInput(Concat({"--registry: expected host or host:port, found: ", flags.registry}));
    }
    release->image = *image;
  }
  const publisher::ScratchFolder folder;
  if (!folder.made()) {
    return BadInput("no temporary folder can be made");
  }
  SystemClock clock;
  const auto now = std::chrono::floor<std::chrono::seconds>(clock.Now());
  const std::string stamp = ToLower(ReplaceAll(ReplaceAll(FormatRfc3339(now), ":", ""), "-", ""));
  publisher::BuildxBuilder builder(
      {.program = "docker", .builder = flags.builder, .on_output = [](std::string_view piece) {
         std::cerr << piece << std::flush;
       }});
  const auto report =
      publisher::Recheck(builder, {release->image, release->platforms, stamp, folder.At(".")});
  if (!report) {
    return BadInput(report.error().message());
  }
  std::cout << (flags.json ? ToJson(*report) : ToText(*report));
  switch (report->verdict) {
    case publisher::RecheckReport::Verdict::kGone:
      return 0;
    case publisher::RecheckReport::Verdict::kStillThere:
      return kExitStillThere;
    case publisher::RecheckReport::Verdict::kNotKnown:
      return kExitNotKnown;
  }
  return kExitNotKnown;
}

}  // namespace drydock::cli
