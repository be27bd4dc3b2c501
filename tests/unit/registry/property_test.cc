// Properties of the registry over random runs: uploads in pieces give the bytes, tags give the
// model, and the journal tells the same story.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <iterator>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "core/media_type.h"
#include "core/rng.h"
#include "core/text.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {
namespace {

// One client that pushes one blob in pieces and is interrupted at will.
class ChunkedPush {
 public:
  ChunkedPush(Bench& bench, std::string bytes, const Headers& token)
      : bench_(bench),
        bytes_(std::move(bytes)),
        token_(token),
        location_(bench.StartUpload("joakimp/web", token)) {}

  bool sent() const { return offset_ == bytes_.size(); }

  // A piece that arrives, with or without its range.
  void SendPiece(std::size_t size, bool with_range) {
    const std::string piece = bytes_.substr(offset_, size);
    Ask ask{"PATCH", location_, token_, piece, !with_range, {}};
    if (with_range) {
      ask.headers.Add("Content-Range", Concat({std::to_string(offset_), "-",
                                               std::to_string(offset_ + piece.size() - 1)}));
    }
    const BenchReply reply = bench_.Send(ask);
    RC_ASSERT(reply.status == 202);
    location_ = reply.headers.Get("Location");
    offset_ += piece.size();
    RC_ASSERT(reply.headers.Get("Range") == Concat({"0-", std::to_string(offset_ - 1)}));
  }

  // The connection dies in the middle; the client asks how far it came.
  void BreakOff(std::size_t size) {
    bench_.Begin({"PATCH", location_, token_, bytes_.substr(offset_, size), true}).reset();
    Resume();
  }

  // A piece in the wrong place changes nothing.
  void SendPieceTooFar() {
    const std::string from = std::to_string(offset_ + 1);
    Headers headers = token_;
    headers.Add("Content-Range", Concat({from, "-", from}));
    RC_ASSERT(bench_.Send("PATCH", location_, headers, "x").status == 416);
  }

  void Commit() {
    const BenchReply reply = bench_.Send("PUT", WithDigest(location_, Sha256(bytes_)), token_);
    RC_ASSERT(reply.status == 201);
    RC_ASSERT(bench_.Send("GET", "/v2/joakimp/web/blobs/" + Sha256(bytes_), token_).body == bytes_);
  }

 private:
  void Resume() {
    const BenchReply reply = bench_.Send("GET", location_, token_);
    RC_ASSERT(reply.status == 204);
    location_ = reply.headers.Get("Location");
    const std::string_view range = reply.headers.Get("Range");
    // "0-0" is nothing or one byte; the next piece tells, so ask for the session's own count.
    for (const OpenUpload& upload : bench_.registry.OpenUploads()) {
      if (location_.find(upload.session) != std::string::npos) {
        offset_ = upload.bytes;
      }
    }
    RC_ASSERT(range == Concat({"0-", std::to_string(offset_ == 0 ? 0 : offset_ - 1)}));
  }

  Bench& bench_;
  std::string bytes_;
  Headers token_;
  std::string location_;
  std::size_t offset_ = 0;
};

void PushInterleaved(Bench& bench, const Headers& token) {
  const auto blobs = *rc::gen::resize(
      5, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(rc::gen::resize(
             60, rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::arbitrary<char>()))))));
  std::list<ChunkedPush> pushes;
  for (const std::string& blob : blobs) {
    pushes.emplace_back(bench, blob, token);
  }
  Rng rng(*rc::gen::arbitrary<std::uint64_t>());
  while (!pushes.empty()) {
    const auto at =
        std::next(pushes.begin(), static_cast<std::ptrdiff_t>(rng.Below(pushes.size())));
    if (at->sent()) {
      at->Commit();
      pushes.erase(at);
      continue;
    }
    const std::size_t size = 1 + rng.Below(20);
    switch (rng.Below(4)) {
      case 0:
        at->BreakOff(size);
        break;
      case 1:
        at->SendPieceTooFar();
        break;
      default:
        at->SendPiece(size, rng.Below(2) == 0);
    }
  }
  RC_ASSERT(bench.registry.OpenUploads().empty());
  RC_ASSERT(bench.registry.store().blob_count() <= blobs.size());
}

RC_GTEST_PROP(Property, InterleavedUploadsGiveTheBytes, ()) {
  Bench bench;
  PushInterleaved(bench, {});
}

RC_GTEST_PROP(Property, InterleavedUploadsGiveTheBytesAtTheHub, ()) {
  Personality personality = DockerHubPersonality();
  personality.cdn.reset();  // blobs are read back at the registry itself
  Bench bench(personality);
  PushInterleaved(bench, {{"Authorization", bench.Token("repository:joakimp/web:pull,push")}});
}

// What tags and manifests there are, kept beside the registry.
struct TagModel {
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> manifests;  // digest to bytes
};

std::string Pick(Rng& rng, const std::vector<std::string>& from) {
  return from[rng.Below(from.size())];
}

void Act(Bench& bench, TagModel& model, Rng& rng) {
  const std::string tag = Pick(rng, {"v1", "v2", "latest", "base-latest"});
  const std::string image = ImageJson(
      "config", "layer", Concat({R"(,"annotations":{"n":")", std::to_string(rng.Below(4)), "\"}"}));
  const std::string digest = Sha256(image);
  const std::string root = "/v2/app/web/manifests/";
  const Headers type = {{"Content-Type", std::string(media_type::kOciManifest)}};
  switch (rng.Below(5)) {
    case 0:
    case 1:
      RC_ASSERT(bench.Send("PUT", root + tag, type, image).status == 201);
      model.tags[tag] = digest;
      model.manifests[digest] = image;
      break;
    case 2:
      RC_ASSERT(bench.Send("PUT", root + digest + "?tag=" + tag, type, image).status == 201);
      model.tags[tag] = digest;
      model.manifests[digest] = image;
      break;
    case 3: {
      const bool there = model.tags.erase(tag) != 0;
      RC_ASSERT(bench.Send("DELETE", root + tag).status == (there ? 202 : 404));
      break;
    }
    default: {
      const bool there = model.manifests.erase(digest) != 0;
      RC_ASSERT(bench.Send("DELETE", root + digest).status == (there ? 202 : 404));
      std::erase_if(model.tags, [&](const auto& entry) { return entry.second == digest; });
    }
  }
}

std::string TagsJson(const TagModel& model) {
  std::vector<std::string> quoted;
  for (const auto& [tag, digest] : model.tags) {
    quoted.push_back(Concat({"\"", tag, "\""}));
  }
  return Concat({R"({"name":"app/web","tags":[)", Join(quoted, ","), "]}"});
}

// The tags as the journal's events alone tell them.
std::map<std::string, std::string> ToldTags(const Journal& journal) {
  std::map<std::string, std::string> tags;
  for (const Event& event : journal.Snapshot()) {
    const auto& moved = std::get<TagEvent>(event.payload);
    RC_ASSERT(moved.from != moved.to);
    RC_ASSERT(tags[moved.tag] == moved.from);
    tags[moved.tag] = moved.to;
  }
  std::erase_if(tags, [](const auto& entry) { return entry.second.empty(); });
  return tags;
}

RC_GTEST_PROP(Property, TagsFollowTheModelAndTheJournalTellsIt, ()) {
  Bench bench;
  bench.registry.store().PutBlob("app/web", "config");
  bench.registry.store().PutBlob("app/web", "layer");
  TagModel model;
  Rng rng(*rc::gen::arbitrary<std::uint64_t>());
  const int steps = *rc::gen::inRange(1, 40);
  for (int step = 0; step < steps; ++step) {
    Act(bench, model, rng);
    RC_ASSERT(bench.Send("GET", "/v2/app/web/tags/list").body == TagsJson(model));
  }
  for (const auto& [tag, digest] : model.tags) {
    const BenchReply reply = bench.Send("GET", "/v2/app/web/manifests/" + tag);
    RC_ASSERT(reply.headers.Get("Docker-Content-Digest") == digest);
    RC_ASSERT(reply.body == model.manifests.at(digest));
  }
  RC_ASSERT(bench.registry.store().Manifests("app/web").size() == model.manifests.size());
  RC_ASSERT(ToldTags(bench.journal) == model.tags);
}

}  // namespace
}  // namespace drydock::simulator
