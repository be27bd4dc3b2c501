// The Builder that builds nothing: pushes images that were prebuilt as OCI layouts, with drydock's
// own pusher. Threads: one build at a time; uploads run in the lanes it is given.
// Source: docs/adr/0002-four-seams.md; OCI image-spec image-layout.md.
#pragma once

#include <string>

#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "publisher/build/builder.h"
#include "publisher/push/pusher.h"

namespace drydock::publisher {

class LayoutBuilder : public Builder {
 public:
  struct Surroundings {
    Clock& clock;
    Rng rng;
    Journal& journal;
    Lanes lanes;
    RunJournal& run;
  };

  // References must outlive it.
  LayoutBuilder(Surroundings surroundings, PushOptions options);

  std::string Describe() override { return "drydock's own pusher"; }
  // Pushes the layout at `request.layout`: its only image, or the one named like the tag. A push
  // that fails is an outcome with its Failure.
  Result<BuildOutcome> Build(const BuildRequest& request) override;
  int builds() const { return builds_; }

 private:
  Surroundings with_;
  PushOptions options_;
  int builds_ = 0;
};

}  // namespace drydock::publisher
