// The write-outcome grid: what became of a write against what was said of it, for the commit of a
// blob, the PUT of a manifest by digest and the PUT of a tag. Every cell ends in the truth, and no
// write of unknown outcome is sent again before its result was asked for.
// Source: incidents.md 9.3.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/text.h"
#include "simulator/registry/personalities.h"
#include "tests/unit/push/push_bench.h"

namespace drydock::publisher {
namespace {

enum class Write { kBlobCommit, kManifestPut, kTagPut };
enum class Fate { kApplied, kNotApplied, kAppliedLater, kAppliedWrongly };
enum class Told { kSuccess, kRefusal, kServerError, kLost, kLate };
// How the push must end, the tag with it.
enum class End { kPublished, kFailed };

constexpr std::array<std::string_view, 3> kWriteNames = {"BlobCommit", "ManifestPut", "TagPut"};
constexpr std::array<std::string_view, 4> kFateNames = {"Applied", "NotApplied", "AppliedLater",
                                                        "AppliedWrongly"};
constexpr std::array<std::string_view, 5> kToldNames = {"2xx", "4xx", "5xx", "Lost", "Late"};

template <class Names, class Value>
std::string_view NameIn(const Names& names, Value value) {
  return names[static_cast<std::size_t>(value)];
}

// A refusal of a manifest is believed when a look confirms it, and a success when reading back
// does, otherwise it is put once more; whatever else is open is found out. Wrong content is never
// published: the same bytes sent once more mend it where something gave reason to look.
End EndOf(Write write, Fate fate, Told told) {
  if (fate == Fate::kAppliedWrongly) {
    const bool mended =
        write == Write::kManifestPut || (write == Write::kBlobCommit && told != Told::kSuccess);
    return mended ? End::kPublished : End::kFailed;
  }
  const bool refused = told == Told::kRefusal && write != Write::kBlobCommit;
  if (refused) {
    return fate == Fate::kApplied ? End::kPublished : End::kFailed;
  }
  return End::kPublished;
}

class Grid : public ::testing::TestWithParam<std::tuple<Write, Fate, Told>> {
 protected:
  Write write() const { return std::get<0>(GetParam()); }
  Fate fate() const { return std::get<1>(GetParam()); }
  Told told() const { return std::get<2>(GetParam()); }

  // What a request reads or writes: "blob", "manifest", "tag", or "" for anything else.
  std::string Subject(const Request& request) const {
    const std::string target = request.url.Target();
    if (write() == Write::kBlobCommit) {
      const bool blob = Contains(target, PercentFree(layout_.layers.front())) ||
                        (Contains(target, "/blobs/uploads/") && request.method == "GET");
      return blob ? "it" : "";
    }
    const std::string reference = write() == Write::kTagPut ? "/v1" : layout_.top.ToString();
    return Contains(target, "/manifests/") && target.ends_with(reference) ? "it" : "";
  }
  static std::string PercentFree(const Digest& digest) { return std::string(digest.hex()); }

  bool IsTheWrite(const Request& request) const {
    return request.method == "PUT" && !Subject(request).empty();
  }

  Result<Response> Play(Transport& network, Request request, Deadline deadline) {
    SendPending(network);
    if (!Subject(request).empty()) {
      log_.push_back(request.method == "PUT" ? "write" : "read");
    }
    if (armed_ && IsTheWrite(request)) {
      armed_ = false;
      return PlayCell(network, std::move(request), deadline);
    }
    return network.Send(std::move(request), deadline);
  }

  Result<Response> PlayCell(Transport& network, Request request, Deadline deadline) {
    Result<Response> genuine = Error(ErrorCode::kAmbiguous, "no answer");
    switch (fate()) {
      case Fate::kApplied:
        genuine = network.Send(std::move(request), deadline);
        EXPECT_TRUE(genuine.ok() && genuine->status == 201);
        break;
      case Fate::kNotApplied:
        break;
      case Fate::kAppliedLater:
        pending_ = std::move(request);
        due_ = bench_.world.clock().Elapsed() + std::chrono::seconds(3);
        break;
      case Fate::kAppliedWrongly:
        ApplyWrongly();
        break;
    }
    return Answer(network, std::move(genuine));
  }

  Result<Response> Answer(Transport& network, Result<Response> genuine) {
    Response answer;
    switch (told()) {
      case Told::kSuccess:
        if (genuine.ok()) {
          return genuine;
        }
        answer.status = 201;
        return answer;
      case Told::kRefusal:
        answer.status = 400;
        answer.headers.Add("Content-Type", "application/json");
        answer.body = Body::FromString(
            Concat({R"({"errors":[{"code":")",
                    write() == Write::kBlobCommit ? "BLOB_UPLOAD_INVALID" : "MANIFEST_INVALID",
                    R"(","message":"no"}]})"}));
        return answer;
      case Told::kServerError:
        answer.status = 500;
        return answer;
      case Told::kLost:
        return Error(ErrorCode::kAmbiguous, "connection reset");
      case Told::kLate:
        break;
    }
    EXPECT_TRUE(bench_.world.clock().SleepFor(std::chrono::minutes(3)));
    SendPending(network);
    return Error(ErrorCode::kTimeout, "the deadline passed");
  }

  void SendPending(Transport& network) {
    if (pending_ && bench_.world.clock().Elapsed() >= due_) {
      Request request = std::move(*pending_);
      pending_.reset();
      (void)network.Send(std::move(request), kNoDeadline).ok();
    }
  }

  void ApplyWrongly() {
    simulator::Store& store = bench_.registry.store();
    switch (write()) {
      case Write::kBlobCommit:
        store.PutBlob(kTarget, layout_.layers.front(),
                      simulator::Blob(std::make_shared<const std::string>("half of it")));
        return;
      case Write::kManifestPut:
        store.PutManifest(kTarget, layout_.top,
                          {.bytes = std::make_shared<const std::string>("{}"),
                           .media_type = "application/vnd.oci.image.manifest.v1+json",
                           .subject = {},
                           .artifact_type = {},
                           .manifests = {}});
        return;
      case Write::kTagPut:
        store.SetTag(kTarget, "v1", foreign_.top);
        return;
    }
  }

  testing::TempFolder folder_;
  LayoutMade layout_ = MakeLayout(folder_, "one", {{40 * kKiB}});
  LayoutMade foreign_ = MakeLayout(folder_, "foreign", {{10 * kKiB}});
  PushBench bench_{simulator::AnonymousPersonality()};
  bool armed_ = true;
  std::optional<Request> pending_;
  Duration due_{};
  std::vector<std::string> log_;  // "write" and "read" of the thing
};

TEST_P(Grid, EndsInTheTruthAndSendsNothingBlindly) {
  armed_ = false;
  ASSERT_TRUE(bench_.Push(foreign_, {}, "other"));
  armed_ = true;
  bench_.between = [this](Transport& network, Request request, Deadline deadline) {
    return Play(network, std::move(request), deadline);
  };
  log_.clear();
  const auto pushed = bench_.Push(layout_);
  EXPECT_FALSE(armed_) << "the write was never sent";
  const std::string why = pushed ? "" : pushed.failure().ToString();
  switch (EndOf(write(), fate(), told())) {
    case End::kPublished:
      ASSERT_TRUE(pushed) << why;
      EXPECT_EQ(pushed->tag, Promotion::How::kMoved);
      bench_.ExpectWhole(layout_);
      break;
    case End::kFailed:
      ASSERT_FALSE(pushed);
      EXPECT_NE(bench_.TagNow(), layout_.top.ToString());
      EXPECT_NE(pushed.failure().next, NextMove::kAsk) << "what happened is known: " << why;
      break;
  }
  for (std::size_t i = 1; i < log_.size(); ++i) {
    EXPECT_FALSE(log_[i] == "write" && log_[i - 1] == "write") << "sent again, unasked";
  }
  // What went wrong once is mended by the next run, unless something false lies in the way.
  if (fate() != Fate::kAppliedWrongly) {
    ASSERT_TRUE(bench_.world.clock().SleepFor(std::chrono::minutes(1)));
    const auto again = bench_.Push(layout_);
    EXPECT_TRUE(again) << again.failure().ToString();
    bench_.ExpectWhole(layout_);
  }
}

INSTANTIATE_TEST_SUITE_P(
    WriteOutcome, Grid,
    ::testing::Combine(::testing::Values(Write::kBlobCommit, Write::kManifestPut, Write::kTagPut),
                       ::testing::Values(Fate::kApplied, Fate::kNotApplied, Fate::kAppliedLater,
                                         Fate::kAppliedWrongly),
                       ::testing::Values(Told::kSuccess, Told::kRefusal, Told::kServerError,
                                         Told::kLost, Told::kLate)),
    [](const auto& instance) {
      return Concat({NameIn(kWriteNames, std::get<0>(instance.param)), "_",
                     NameIn(kFateNames, std::get<1>(instance.param)), "_",
                     NameIn(kToldNames, std::get<2>(instance.param))});
    });

}  // namespace
}  // namespace drydock::publisher
