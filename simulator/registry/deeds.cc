// What another party does to the registry, and what rules may ask about what it holds.
#include <algorithm>
#include <set>
#include <utility>

#include "core/text.h"
#include "simulator/registry/call.h"
#include "simulator/registry/manifest.h"
#include "simulator/registry/traits.h"

namespace drydock::simulator {
namespace {

bool IsDigest(std::string_view reference) { return reference.find(':') != std::string_view::npos; }

std::optional<Digest> Named(const Store& store, const std::string& repository,
                            const std::string& reference) {
  if (!IsDigest(reference)) {
    return store.FindTag(repository, reference);
  }
  const auto digest = Digest::Parse(reference);
  return digest ? std::optional(*digest) : std::nullopt;
}

class Doing {
 public:
  Doing(Registry::State& state, const Deed& deed) : state_(state), deed_(deed) {}

  void Do() {
    switch (deed_.kind) {
      case Deed::Kind::kTag:
        return Tag();
      case Deed::Kind::kPutManifest:
        return PutManifest();
      case Deed::Kind::kPutBlob:
        return PutBlob();
      case Deed::Kind::kDelete:
        return Delete();
      case Deed::Kind::kDeleteBlob:
        if (const auto digest = Digest::Parse(deed_.reference)) {
          state_.store.DeleteBlob(deed_.repository, *digest);
        }
        return;
      case Deed::Kind::kCollect:
      case Deed::Kind::kCollectPlain:
        return Collect();
      case Deed::Kind::kPolicy:
        state_.personality = Bent(state_.personality, deed_.traits);
        return;
      case Deed::Kind::kEndUploads:
        for (const auto& session : state_.uploads.All()) {
          state_.uploads.End(session->id());
        }
        return;
      case Deed::Kind::kSpoil:
        return Spoil();
      case Deed::Kind::kRevokeTokens:
        state_.revoked_before = std::chrono::floor<std::chrono::seconds>(state_.clock.Now());
        state_.revoked_token = deed_.what;
        return;
    }
  }

 private:
  void Move(const std::string& tag, const std::optional<Digest>& to) {
    const auto from = state_.store.FindTag(deed_.repository, tag);
    if (to) {
      state_.store.SetTag(deed_.repository, tag, *to);
    } else {
      state_.store.DeleteTag(deed_.repository, tag);
    }
    if (from != to) {
      state_.tag_history.Add(deed_.repository, tag, {state_.clock.Now(), from, to});
      state_.journal.Append(
          deed_.actor, TagEvent{state_.host, deed_.repository, tag, from ? from->ToString() : "",
                                to ? to->ToString() : ""});
    }
  }

  void Tag() {
    if (const auto to = Named(state_.store, deed_.repository, deed_.what)) {
      Move(deed_.reference, to);
    }
  }

  void PutManifest() {
    const auto json = json::Parse(deed_.what, "manifest");
    const std::string type(json ? json->Text("mediaType") : "");
    const Digest digest = state_.store.PutManifest(deed_.repository, type, deed_.what);
    if (!deed_.reference.empty()) {
      Move(deed_.reference, digest);
    }
  }

  // The same bytes as a client is sending, or others that are given.
  void PutBlob() {
    const auto digest = Digest::Parse(deed_.reference);
    const auto session = state_.uploads.Find(deed_.repository, deed_.session);
    std::string bytes = deed_.what;
    if (session != nullptr) {
      Body body = session->Read();
      auto all = ReadAll(body, session->size());
      bytes = all ? std::move(*all) : "";
    }
    if (!digest) {
      state_.store.PutBlob(deed_.repository, std::move(bytes));
    } else if (Digest::Of(bytes, digest->algorithm()) == *digest) {
      state_.store.PutBlob(deed_.repository, *digest,
                           Blob(std::make_shared<const std::string>(std::move(bytes))));
    }
  }

  std::string Spoilt(std::string bytes) const {
    bytes.resize(Damaged(bytes, 0, deed_.damage).size());
    return bytes;
  }

  void Spoil() {
    const auto digest = Digest::Parse(deed_.reference);
    if (!digest) {
      return;
    }
    if (const StoredManifest* manifest = state_.store.FindManifest(deed_.repository, *digest)) {
      StoredManifest spoilt = *manifest;
      spoilt.bytes = std::make_shared<const std::string>(Spoilt(*manifest->bytes));
      state_.store.PutManifest(deed_.repository, *digest, std::move(spoilt));
    } else if (const Blob blob = state_.store.FindBlob(deed_.repository, *digest)) {
      Body body = blob.Read();
      auto bytes = ReadAll(body, blob.size());
      if (bytes) {
        state_.store.ReplaceBlob(
            deed_.repository, *digest,
            Blob(std::make_shared<const std::string>(Spoilt(std::move(*bytes)))));
      }
    }
  }

  void Delete() {
    const auto digest = Named(state_.store, deed_.repository, deed_.reference);
    if (!IsDigest(deed_.reference)) {
      if (digest) {
        Move(deed_.reference, std::nullopt);
      }
    } else if (digest) {
      Untag(*digest);
      state_.store.DeleteManifest(deed_.repository, *digest);
    }
  }

  void Untag(const Digest& digest) {
    const TagMap tags = state_.store.Tags(deed_.repository);
    for (const auto& [tag, names] : tags) {
      if (names == digest) {
        Move(tag, std::nullopt);
      }
    }
  }

  // What a manifest names, and what that names.
  void Reach(const Digest& digest, std::set<Digest>& reached) const {
    const StoredManifest* manifest = state_.store.FindManifest(deed_.repository, digest);
    if (!reached.insert(digest).second || manifest == nullptr) {
      return;
    }
    const auto read = ReadManifest(*manifest->bytes, manifest->media_type);
    if (const auto* content = std::get_if<ManifestContent>(&read)) {
      for (const auto* descriptors : {&content->blobs, &content->manifests}) {
        for (const Descriptor& descriptor : *descriptors) {
          Reach(descriptor.digest, reached);
        }
      }
    }
  }

  void Collect() {
    Store& store = state_.store;
    std::set<Digest> kept;
    for (const auto& [tag, digest] : store.Tags(deed_.repository)) {
      if (deed_.kind == Deed::Kind::kCollect) {
        Reach(digest, kept);
      } else {
        kept.insert(digest);
      }
    }
    const auto manifests = store.Manifests(deed_.repository);
    for (const auto& [digest, manifest] : manifests) {
      if (kept.count(digest) == 0) {
        store.DeleteManifest(deed_.repository, digest);
      }
    }
    const std::set<Digest> blobs = store.Blobs(deed_.repository);
    for (const Digest& digest : blobs) {
      if (deed_.kind == Deed::Kind::kCollect && kept.count(digest) == 0) {
        store.DeleteBlob(deed_.repository, digest);
      }
    }
  }

  Registry::State& state_;
  const Deed& deed_;
};

}  // namespace

void Registry::Act(const Deed& deed) {
  if (state_->past.keeps()) {
    state_->past.Note(state_->store, state_->clock.Now(), 0);
  }
  Doing(*state_, deed).Do();
  // There is nobody to tell: what the disk refuses is offered again with the next commit.
  static_cast<void>(state_->store.Commit());
}

std::optional<std::string> Registry::Find(Held what, std::string_view repository,
                                          std::string_view name) const {
  const Store& store = state_->store;
  const auto digest = Digest::Parse(name);
  switch (what) {
    case Held::kTag: {
      const auto tag = store.FindTag(repository, name);
      return tag ? std::optional(tag->ToString()) : std::nullopt;
    }
    case Held::kManifest:
      return digest && store.FindManifest(repository, *digest) != nullptr
                 ? std::optional(digest->ToString())
                 : std::nullopt;
    case Held::kBlob:
      return digest && store.FindBlob(repository, *digest) ? std::optional(digest->ToString())
                                                           : std::nullopt;
    case Held::kSession:
      return state_->uploads.Find(repository, name) != nullptr ? std::optional(std::string(name))
                                                               : std::nullopt;
  }
  return std::nullopt;
}

std::size_t Registry::OpenUploadCount() const { return state_->uploads.All().size(); }

}  // namespace drydock::simulator
