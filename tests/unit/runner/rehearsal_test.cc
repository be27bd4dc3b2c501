// A release rehearsed against the fake Hub: the projects of the scenarios, whole and broken.
#include "scenarios/runner/rehearsal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "publisher/release/forge.h"
#include "scenarios/runner/premises.h"
#include "scenarios/runner/project.h"
#include "simulator/faults/fault_state.h"
#include "simulator/neighbours/npm_registry.h"
#include "simulator/world/internet.h"

namespace drydock::scenarios {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// What is outside: an npm registry, and nothing else.
class RehearsalTest : public ::testing::Test {
 protected:
  RehearsalTest() {
    for (const char* package : {"oh-my-opencode-slim", "@earendil-works/pi-coding-agent"}) {
      EXPECT_TRUE(npm_.Publish({package, "1.0.9", {}, {}}));
      EXPECT_TRUE(npm_.SetDistTag(package, "latest", "1.0.9"));
    }
    internet_.Attach("npm.example", npm_);
    outside_ = internet_.Connect(world_, "203.0.113.7", "outside");
  }

  Rehearsal For(const std::string& name) {
    ProjectSpec spec;
    spec.folder = Concat({DRYDOCK_SOURCE_DIR, "/scenarios/projects/", name});
    spec.tag = "v1.15.12";
    project_.emplace(Project::Make(spec).value());
    const std::string folder = project_->folder();
    Rehearsal rehearsal;
    rehearsal.release = publisher::ReadReleaseFile(spec.folder + "/release.json").value();
    rehearsal.options.release_tag = spec.tag;
    rehearsal.options.context = folder;
    rehearsal.local.repository = [folder] {
      return publisher::ReadRepositoryFacts(folder, "v1.15.12");
    };
    const publisher::ReleaseFile release = rehearsal.release;
    rehearsal.local.base_hash = [folder, release] { return BaseHashOf(folder, release); };
    return rehearsal;
  }

  Result<publisher::PublishReport> Run(Rehearsal rehearsal) {
    return Rehearse(std::move(rehearsal), *outside_, world_.clock());
  }

  std::vector<std::string> AskedOutside() const {
    std::vector<std::string> urls;
    for (const Event& event : journal_.Snapshot()) {
      if (const auto* exchange = std::get_if<ExchangeEvent>(&event.payload)) {
        urls.push_back(exchange->url);
      }
    }
    return urls;
  }

  simulator::World world_{1, *ParseRfc3339("2026-05-28T06:00:00Z")};
  Journal journal_{world_.clock()};
  simulator::FaultState faults_{{}, 1};
  simulator::NpmRegistry npm_{world_.clock()};
  simulator::Internet internet_{world_.clock(), journal_, faults_};
  std::unique_ptr<Transport> outside_;
  std::optional<Project> project_;
};

TEST_F(RehearsalTest, PublishesAReleaseThatIsInOrderAndSendsNothingOutButQuestionsToNpm) {
  for (const char* project :
       {"opencode-devbox-2026-05", "opencode-devbox-2026-05-09", "prebuilt-app"}) {
    const auto report = Run(For(project));
    ASSERT_TRUE(report) << project << ": " << report.error().message();
    EXPECT_EQ(report->verdict, publisher::Verdict::kPublishedVerified)
        << project << ": " << ToText(*report);
  }
  EXPECT_THAT(AskedOutside(), Each(StartsWith("https://npm.example/")));
  EXPECT_THAT(AskedOutside(), Contains(HasSubstr("oh-my-opencode-slim")));
}

TEST_F(RehearsalTest, OtherRegistriesNamesAreFoundAPlace) {
  Rehearsal rehearsal = For("prebuilt-app");
  rehearsal.release.image = *ImageReference::Parse("ghcr.io/a/b/app");
  const auto report = Run(std::move(rehearsal));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->verdict, publisher::Verdict::kPublishedVerified) << ToText(*report);
  EXPECT_EQ(report->image, "rehearsal/app");
}

TEST_F(RehearsalTest, FindsWhatWouldStopTheRelease) {
  Rehearsal rehearsal = For("opencode-devbox-2026-05");
  rehearsal.release.versions[0].pinned = "9.9.9";
  const auto report = Run(std::move(rehearsal));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->verdict, publisher::Verdict::kRefused) << ToText(*report);
  Rehearsal broken = For("prebuilt-app");
  broken.release.variants[0].source.layout = "dist/none";
  const auto missing = Run(std::move(broken));
  ASSERT_TRUE(missing);
  EXPECT_NE(missing->verdict, publisher::Verdict::kPublishedVerified);
  EXPECT_THAT(missing->why, HasSubstr("dist/none"));
}

}  // namespace
}  // namespace drydock::scenarios
