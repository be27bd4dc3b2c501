// Each kind of expectation: one case in which it holds and one in which it does not, with the
// journal event it points at.
#include "scenarios/runner/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drydock::scenarios {
namespace {

using ::testing::HasSubstr;

Event Exchange(std::uint64_t sequence, std::string operation, std::string reference, int status,
               std::uint64_t bytes = 0) {
  Event event;
  event.sequence = sequence;
  event.actor = "host";
  ExchangeEvent exchange;
  exchange.method = "PUT";
  exchange.url = "https://registry-1.docker.io/v2/a/b";
  exchange.operation = std::move(operation);
  exchange.reference = std::move(reference);
  exchange.status = status;
  exchange.request_bytes = bytes;
  exchange.request_headers.Set("Content-Type", "application/octet-stream");
  event.payload = std::move(exchange);
  return event;
}

Event Wait(std::uint64_t sequence, int seconds) {
  Event event;
  event.sequence = sequence;
  event.payload = WaitEvent{std::chrono::seconds(seconds), "again"};
  return event;
}

class CheckTest : public ::testing::Test {
 protected:
  CheckTest() {
    step_.name = "host-publish";
    step_.verdict = "partial";
    step_.exit_code = 5;
    step_.builds = 2;
    step_.untagged = 3;
    step_.output = "ERROR: no";
    step_.parts.emplace_back(PartResult{"probe", "ran", ""});
    step_.findings = {{"cause", "cache-export-option"}};
    step_.ended = step_.began + std::chrono::seconds(20);
    stretch_.file = "f.json";
    stretch_.step = &step_;
    stretch_.events = {Exchange(4, "upload.commit", "", 201, 100), Wait(5, 15),
                       Exchange(6, "manifest.put", "latest", 400), Wait(7, 30)};
    stretch_.before = {{"latest", "sha256:a"}, {"base-latest", "sha256:b"}};
    stretch_.after = {{"latest", "sha256:c"}, {"base-latest", "sha256:b"}, {"v1", "sha256:c"}};
    stretch_.faults.emplace_back(FaultReport{"edge", 9, 3, 2, 2});
  }

  bool Holds(ExpectationKind kind) { return !Failure(std::move(kind)); }

  std::optional<ExpectationFailure> Failure(ExpectationKind kind) {
    const auto failures = Check({Expectation{12, std::move(kind)}}, stretch_);
    return failures.empty() ? std::nullopt : std::optional(failures.front());
  }

  StepResult step_;
  Stretch stretch_;
};

RequestFilter Operation(std::string name) {
  RequestFilter filter;
  filter.operation = std::move(name);
  return filter;
}

TEST_F(CheckTest, FailuresNameFileLineStepAndEvent) {
  const auto failure = Failure(VerdictIs{"published-and-verified"});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->file, "f.json");
  EXPECT_EQ(failure->line, 12U);
  EXPECT_EQ(failure->step, "host-publish");
  EXPECT_EQ(failure->sequence, 6U);  // the 400
  EXPECT_THAT(failure->found, HasSubstr("partial"));
}

TEST_F(CheckTest, WhatHoldsIsKeptWithWhatWasSeen) {
  const std::vector<Expectation> expected = {
      {12, VerdictIs{"partial"}},
      {13, TagIs{"v1", TagIs::State::kPresent, ""}},
      {14, TagIs{"v2", TagIs::State::kPresent, ""}},
      {15, RequestsAre{RequestFilter{}, {0, 0}}},
  };
  Play play;
  CheckInto(expected, stretch_, play);
  ASSERT_EQ(play.observations.size(), 4U);
  EXPECT_EQ(play.observations[0].found, "partial");
  EXPECT_TRUE(play.observations[0].holds);
  EXPECT_EQ(play.observations[1].found, "sha256:c");
  EXPECT_EQ(play.observations[2].found, "absent");
  EXPECT_FALSE(play.observations[2].holds);
  ASSERT_EQ(play.failures.size(), 2U);
  EXPECT_EQ(play.failures[0].line, 14U);
  EXPECT_EQ(play.failures[0].step, "host-publish");
  EXPECT_EQ(play.failures[0].found, "absent");
  EXPECT_EQ(play.failures[1].sequence, 4U);
}

TEST(NearestTroubleTest, IsTheLastRejectionElseTheLastThingAnybodyDid) {
  Event mark;
  mark.sequence = 9;
  mark.actor = "scenario";
  mark.payload = StepEvent{"s", StepEvent::Edge::kEnd, "red", ""};
  EXPECT_EQ(NearestTrouble({}), std::nullopt);
  EXPECT_EQ(NearestTrouble({mark}), std::nullopt);
  EXPECT_EQ(NearestTrouble({Wait(1, 5), mark}), 1U);
  EXPECT_EQ(NearestTrouble({Exchange(1, "manifest.head", "a", 503), Wait(2, 5), mark}), 1U);
  Event missing = Exchange(1, "manifest.head", "a", 404);
  EXPECT_EQ(NearestTrouble({missing, Wait(2, 5)}), 2U);
  std::get<ExchangeEvent>(missing.payload).ordinal = 7;
  Event fault;
  fault.payload = FaultEvent{"gone", "decide", "reply 404", 7, ""};
  EXPECT_EQ(NearestTrouble({fault, missing, Wait(2, 5)}), 1U);
}

TEST(SentTwiceTest, FindsUploadsOfBlobsThatWereHeld) {
  const Digest held = Digest::Of("held");
  const auto upload = [](std::uint64_t sequence, const Digest& digest, std::uint64_t bytes) {
    Event event = Exchange(sequence, "upload.commit", digest.ToString(), 201, bytes);
    std::get<ExchangeEvent>(event.payload).repository = "a/b";
    return event;
  };
  const std::vector<Event> events = {upload(1, Digest::Of("new"), 9), upload(2, held, 9),
                                     upload(3, held, 0)};
  EXPECT_EQ(SentTwice(events, "a/b", {held}), std::vector<std::uint64_t>{2});
  EXPECT_TRUE(SentTwice(events, "a/other", {held}).empty());
}

TEST_F(CheckTest, WhatThePublishSaid) {
  EXPECT_TRUE(Holds(VerdictIs{"partial"}));
  EXPECT_TRUE(Holds(ExitCodeIs{5}));
  EXPECT_FALSE(Holds(ExitCodeIs{0}));
  EXPECT_TRUE(Holds(PartIs{"probe", "ran"}));
  EXPECT_FALSE(Holds(PartIs{"probe", "skipped"}));
  EXPECT_FALSE(Holds(PartIs{"prob", "ran"}));
  EXPECT_TRUE(Holds(OutputHas{"ERROR"}));
  EXPECT_FALSE(Holds(OutputHas{"fine"}));
  EXPECT_TRUE(Holds(DiagnosisHas{"cause", "cache-export", false}));
  EXPECT_FALSE(Holds(DiagnosisHas{"cause", "cache-export", true}));
  EXPECT_TRUE(Holds(DiagnosisHas{"cause", "runner", true}));
  EXPECT_FALSE(Holds(DiagnosisHas{"suspects", "runner", false}));
}

TEST_F(CheckTest, Counts) {
  EXPECT_TRUE(Holds(CountIs{CountIs::What::kBuilds, Bounds{2, 2}}));
  EXPECT_FALSE(Holds(CountIs{CountIs::What::kBuilds, Bounds{0, 1}}));
  EXPECT_TRUE(Holds(CountIs{CountIs::What::kBlobBytes, Bounds{100, 100}}));
  EXPECT_FALSE(Holds(CountIs{CountIs::What::kBlobBytes, Bounds{0, 0}}));
  EXPECT_TRUE(Holds(UntaggedAre{Bounds{3, 3}}));
  EXPECT_FALSE(Holds(UntaggedAre{Bounds{4, 9}}));
  EXPECT_TRUE(Holds(FaultFired{"edge", Bounds{2, 2}}));
  EXPECT_FALSE(Holds(FaultFired{"edge", Bounds{3, 9}}));
  EXPECT_FALSE(Holds(FaultFired{"none", Bounds{1, 1}}));
}

TEST_F(CheckTest, Times) {
  EXPECT_TRUE(Holds(WaitsAre{{std::chrono::seconds(15), std::chrono::seconds(30)}}));
  const auto failure = Failure(WaitsAre{{std::chrono::seconds(15)}});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->sequence, 7U);  // the wait that is one too many
  EXPECT_TRUE(Holds(TookBetween{std::chrono::seconds(20), std::chrono::seconds(20)}));
  EXPECT_FALSE(Holds(TookBetween{std::chrono::seconds(21), Duration::max()}));
}

TEST_F(CheckTest, Tags) {
  using State = TagIs::State;
  EXPECT_TRUE(Holds(TagIs{"v2*", State::kAbsent, ""}));
  EXPECT_FALSE(Holds(TagIs{"v*", State::kAbsent, ""}));
  EXPECT_TRUE(Holds(TagIs{"v1", State::kPresent, ""}));
  EXPECT_FALSE(Holds(TagIs{"v2", State::kPresent, ""}));
  EXPECT_TRUE(Holds(TagIs{"latest", State::kSameAs, "v1"}));
  EXPECT_FALSE(Holds(TagIs{"latest", State::kSameAs, "base-latest"}));
  EXPECT_FALSE(Holds(TagIs{"gone", State::kSameAs, "gone-too"}));
  EXPECT_TRUE(Holds(TagIs{"latest", State::kDiffersFrom, "base-latest"}));
  EXPECT_FALSE(Holds(TagIs{"latest", State::kDiffersFrom, "v1"}));
  EXPECT_FALSE(Holds(TagIs{"gone", State::kDiffersFrom, "v1"}));
  EXPECT_TRUE(Holds(TagIs{"base-*", State::kUnmoved, ""}));
  EXPECT_FALSE(Holds(TagIs{"nothing-*", State::kUnmoved, ""}));
  const auto failure = Failure(TagIs{"latest*", State::kUnmoved, ""});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->sequence, 6U);  // the PUT of that tag
}

TEST_F(CheckTest, ATagThatMovedAndCameBackMoved) {
  Event moved;
  moved.sequence = 8;
  moved.payload = TagEvent{"h", "a/b", "base-latest", "sha256:b", "sha256:x"};
  stretch_.events.push_back(moved);
  const auto failure = Failure(TagIs{"base-latest", TagIs::State::kUnmoved, ""});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->sequence, 8U);
}

TEST_F(CheckTest, Requests) {
  EXPECT_TRUE(Holds(RequestsAre{Operation("upload.*"), Bounds{1, 1}}));
  EXPECT_TRUE(Holds(RequestsAre{Operation("blob.head"), Bounds{0, 0}}));
  const auto failure = Failure(RequestsAre{Operation("manifest.put"), Bounds{0, 0}});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->sequence, 6U);
  EXPECT_EQ(failure->expected, "requests with operation manifest.put: never");
  RequestFilter filter;
  filter.host = "registry-1.docker.io";
  filter.status = 400;
  EXPECT_TRUE(Holds(RequestsAre{filter, Bounds{1, 1}}));
  filter.actor = "ci*";
  EXPECT_TRUE(Holds(RequestsAre{filter, Bounds{0, 0}}));
  filter = Operation("upload.*");
  filter.header = "authorization";
  EXPECT_TRUE(Holds(RequestsAre{filter, Bounds{0, 0}}));
  filter.header = "content-type";
  EXPECT_TRUE(Holds(RequestsAre{filter, Bounds{1, 1}}));
}

}  // namespace
}  // namespace drydock::scenarios
