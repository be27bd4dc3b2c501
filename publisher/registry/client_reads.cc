// What the client reads beside tags: the registry's greeting, whole images, their platforms, the
// list of tags.
#include <algorithm>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"
#include "publisher/registry/challenge.h"
#include "publisher/registry/client.h"
#include "publisher/registry/revision_label.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kPlatformsMax = 256;
constexpr std::size_t kTagsOfAPage = 1000;
constexpr std::size_t kKnownBytesMax = 16u << 20;  // of manifests that are remembered

// An answer that cannot be right, or not yet; worth asking again.
Failure NotRight(const ImageReference& image, const Digest& part, std::string_view words) {
  Failure failure;
  failure.answerer = Answerer::kRegistry;
  failure.persistence = Persistence::kTransient;
  failure.next = NextMove::kRetry;
  failure.words = Concat({image.Name(), "@", part.ToString(), ": ", words});
  return failure;
}

std::string BlobPath(const ImageReference& image, const Digest& digest) {
  return Concat({"/v2/", image.repository, "/blobs/", digest.ToString()});
}

bool IsAttestation(const json::Value& descriptor) {
  const json::Value* annotations = descriptor.Find("annotations");
  const json::Value* platform = descriptor.Find("platform");
  return (annotations != nullptr && !annotations->Text("vnd.docker.reference.type").empty()) ||
         (platform != nullptr && platform->Text("os") == "unknown");
}

// The descriptors of an index, but for attestations.
Outcome<json::Value::Array> ImagesIn(const Manifest& index, const ImageReference& name) {
  const auto parsed = json::Parse(index.bytes, name.ToString());
  const json::Value* children = parsed ? parsed->Find("manifests") : nullptr;
  if (children == nullptr || children->as_array() == nullptr) {
    return LocalFailure(Concat({name.ToString(), ": an index without manifests"}));
  }
  json::Value::Array images = *children->as_array();
  std::erase_if(images, IsAttestation);
  return images;
}

// "linux/amd64" from {"os", "architecture", "variant"}; arm64 is always v8 and goes without.
std::string PlatformText(const json::Value& platform) {
  std::string text = Concat({platform.Text("os"), "/", platform.Text("architecture")});
  const std::string_view variant = platform.Text("variant");
  const bool implied = platform.Text("architecture") == "arm64" && variant == "v8";
  return variant.empty() || implied ? text : Concat({text, "/", variant});
}

// "</v2/a/b/tags/list?n=1000&last=x>; rel=\"next\"" leads to the next page; "" when there is none.
std::string NextPage(const Headers& headers) {
  for (const std::string& link : headers.All("Link")) {
    const std::size_t open = link.find('<');
    const std::size_t close = link.find('>');
    if (open != std::string::npos && close != std::string::npos && open < close &&
        Contains(link.substr(close), "next")) {
      return link.substr(open + 1, close - open - 1);
    }
  }
  return "";
}

}  // namespace

Outcome<Reception> RegistryClient::Greet(const ImageReference& image) {
  return retrier_.RunWithRetry(options_.budget, Concat({"ping ", image.registry}),
                               [&](int) { return GreetOnce(image); });
}

Outcome<Reception> RegistryClient::GreetOnce(const ImageReference& image) {
  Url url = session_.Origin(image);
  url.path = "/v2/";
  const Headers headers = {{"Accept", "application/json"}};
  auto asked =
      session_.SendPlainly({.method = "GET", .reference = image, .url = url, .headers = headers});
  if (!asked) {
    return asked.failure();
  }
  const AnswerSeen& seen = asked->seen;
  const bool page = KindOfBody(seen.headers, seen.body) == BodyKind::kHtml;
  if (page || (seen.status != 200 && seen.status != 401)) {
    return ClassifyAnswer(seen, clock_.Now());
  }
  Reception reception;
  reception.date = ParseHttpDate(seen.headers.Get("Date"));
  const auto challenges = seen.headers.All("WWW-Authenticate");
  if (seen.status == 200 || !BestChallenge(challenges)) {
    reception.push = seen.status == 200 ? PushRight::kOpen : PushRight::kUntold;
    return reception;
  }
  const auto login = session_.LogIn(image, challenges);
  if (!login) {
    return login.failure();
  }
  if (login.value().starts_with("Basic ")) {
    const auto again = session_.Send("GET", image, "/v2/", headers, "");
    if (!again) {
      return again.failure();
    }
  }
  reception.push = RightToPush(login.value(), image.repository);
  return reception;
}

Outcome<Manifest> RegistryClient::AwaitManifest(const ImageReference& reference) {
  return retrier_.RunWithRetry(
      options_.read_back, Concat({"read ", reference.ToString()}), [&](int) -> Outcome<Manifest> {
        auto manifest = GetManifestOnce(reference);
        if (!manifest && manifest.failure().status == 404 && !manifest.failure().cancelled) {
          Failure later = manifest.failure();
          later.persistence = Persistence::kTransient;
          later.next = NextMove::kRetry;
          return later;
        }
        return manifest;
      });
}

Outcome<Ok> RegistryClient::PutAnew(const Manifest& manifest, const ImageReference& to) {
  return retrier_.RunWithRetry(options_.budget, Concat({"put ", to.ToString(), " anew"}),
                               [&](int) { return PutOnce(manifest, to); });
}

void RegistryClient::Know(Manifest manifest) {
  if (manifest.bytes.size() <= kKnownBytesMax - known_bytes_) {
    const std::size_t bytes = manifest.bytes.size();
    const Digest digest = manifest.digest;
    known_bytes_ += known_.emplace(digest, std::move(manifest)).second ? bytes : 0;
  }
}

Outcome<Manifest> RegistryClient::SeeByHead(const Manifest& known,
                                            const ImageReference& reference) {
  const ProbeAnswer there = ProbeOnce(reference);
  if (const auto* unknown = std::get_if<Unknown>(&there)) {
    return unknown->why;
  }
  if (std::holds_alternative<Missing>(there)) {
    Failure failure = NotRight(reference, known.digest, "the registry does not have it");
    failure.status = 404;
    return failure;
  }
  seen_by_head_.insert(known.digest);
  return known;
}

Outcome<Ok> RegistryClient::CheckBlob(const ImageReference& image, const BlobSize& blob,
                                      bool hashed) {
  return retrier_.RunWithRetry(
      options_.read_back, Concat({"look at ", image.Name(), "@", blob.digest.ToString()}),
      [&](int) { return hashed ? CheckBytes(image, blob) : CheckSize(image, blob); });
}

Outcome<Ok> RegistryClient::CheckSize(const ImageReference& image, const BlobSize& blob) {
  const auto asked =
      session_.Send("HEAD", image, BlobPath(image, blob.digest), {{"Accept", "*/*"}}, "");
  if (!asked) {
    return asked.failure();
  }
  const AnswerSeen& seen = asked->seen;
  const auto bytes = ParseUnsigned(seen.headers.Get("Content-Length"));
  // Not everybody answers HEAD, or tells the length there: the bytes decide.
  if (seen.status == 405 || !asked->home || (seen.status == 200 && bytes != blob.bytes)) {
    return CheckBytes(image, blob);
  }
  if (seen.status == 404) {
    return NotRight(image, blob.digest, "the registry does not have this blob");
  }
  return seen.status == 200 ? Outcome<Ok>(Ok{}) : ClassifyAnswer(seen, clock_.Now());
}

Outcome<Ok> RegistryClient::CheckBytes(const ImageReference& image, const BlobSize& blob) {
  Url url = session_.Origin(image);
  url.path = BlobPath(image, blob.digest);
  Hasher hasher(blob.digest.algorithm());
  std::uint64_t bytes = 0;
  const auto asked = session_.Send({.method = "GET",
                                    .reference = image,
                                    .url = url,
                                    .headers = {{"Accept", "*/*"}},
                                    .into = [&](std::string_view piece) {
                                      hasher.Update(piece);
                                      bytes += piece.size();
                                    }});
  if (!asked) {
    return asked.failure();
  }
  if (asked->seen.status == 404) {
    return NotRight(image, blob.digest, "the registry does not have this blob");
  }
  if (asked->seen.status != 200) {
    return ClassifyAnswer(asked->seen, clock_.Now());
  }
  if (bytes != blob.bytes || hasher.Finish() != blob.digest) {
    return NotRight(
        image, blob.digest,
        Concat({"the registry serves ", std::to_string(bytes), " bytes of this blob, ",
                "which hash otherwise; its manifest names ", std::to_string(blob.bytes)}));
  }
  return Ok{};
}

Outcome<Platforms> RegistryClient::PlatformsOf(const ImageReference& reference) {
  const auto manifest = GetManifest(reference);
  if (!manifest) {
    return manifest.failure();
  }
  if (!media_type::IsIndex(manifest->media_type)) {
    const auto config = ConfigOf(reference, manifest.value());
    return config ? Outcome<Platforms>(Platforms{PlatformText(config.value())}) : config.failure();
  }
  const auto images = ImagesIn(manifest.value(), reference);
  if (!images) {
    return images.failure();
  }
  Platforms platforms;
  for (const json::Value& image : images.value()) {
    const json::Value* platform = image.Find("platform");
    if (platform != nullptr && platforms.size() < kPlatformsMax) {
      platforms.push_back(PlatformText(*platform));
    }
  }
  return platforms;
}

Outcome<json::Value> RegistryClient::ConfigOf(const ImageReference& image,
                                              const Manifest& manifest) {
  const auto parsed = json::Parse(manifest.bytes, image.ToString());
  const json::Value* config = parsed ? parsed->Find("config") : nullptr;
  const auto digest =
      Digest::Parse(config == nullptr ? std::string_view() : config->Text("digest"));
  if (!digest) {
    return LocalFailure(Concat({image.ToString(), ": a manifest without config"}));
  }
  return retrier_.RunWithRetry(
      options_.budget, Concat({"read the config of ", image.ToString()}),
      [&](int) -> Outcome<json::Value> {
        auto asked = session_.Send("GET", image, BlobPath(image, *digest), {{"Accept", "*/*"}}, "");
        if (!asked) {
          return asked.failure();
        }
        if (asked->seen.status != 200) {
          return ClassifyAnswer(asked->seen, clock_.Now());
        }
        if (Digest::Of(asked->seen.body, digest->algorithm()) != *digest) {
          return NotRight(image, *digest, "the config served has another digest");
        }
        auto served = json::Parse(asked->seen.body, image.ToString());
        if (!served) {
          return LocalFailure(served.error().message());
        }
        return std::move(*served);
      });
}

Outcome<RegistryClient::Revisions> RegistryClient::RevisionsOf(const ImageReference& image) {
  const auto manifest = AwaitManifest(image);
  if (!manifest) {
    return manifest.failure();
  }
  std::vector<Manifest> images;
  if (media_type::IsIndex(manifest->media_type)) {
    const auto children = ImagesIn(manifest.value(), image);
    if (!children) {
      return children.failure();
    }
    for (const json::Value& descriptor : children.value()) {
      const auto digest = Digest::Parse(descriptor.Text("digest"));
      if (!digest) {
        continue;
      }
      ImageReference child = image;
      child.digest = *digest;
      auto one = AwaitManifest(child);
      if (!one) {
        return one.failure();
      }
      images.push_back(std::move(one.value()));
    }
  } else {
    images.push_back(manifest.value());
  }
  Revisions revisions;
  for (const Manifest& one : images) {
    const auto config = ConfigOf(image, one);
    if (!config) {
      return config.failure();
    }
    revisions.push_back(RevisionIn(config.value()));
  }
  return revisions;
}

Outcome<std::vector<std::string>> RegistryClient::ListTags(const ImageReference& image,
                                                           std::string_view prefix,
                                                           std::size_t tags_max) {
  using Tags = Outcome<std::vector<std::string>>;
  Url url = session_.Origin(image);
  url.path = Concat({"/v2/", image.repository, "/tags/list"});
  url.AddQuery("n", std::to_string(kTagsOfAPage));
  std::vector<std::string> tags;
  for (std::size_t looked = 0; looked < tags_max;) {
    std::string next;
    const auto page = retrier_.RunWithRetry(
        options_.budget, Concat({"list the tags of ", image.Name()}), [&](int) -> Tags {
          const auto asked = session_.Send({.method = "GET",
                                            .reference = image,
                                            .url = url,
                                            .headers = {{"Accept", "application/json"}}});
          if (!asked) {
            return asked.failure();
          }
          const auto parsed = json::Parse(asked->seen.body, "tags");
          const json::Value* list = parsed ? parsed->Find("tags") : nullptr;
          if (asked->seen.status != 200 || !parsed) {
            return ClassifyAnswer(asked->seen, clock_.Now());
          }
          next = NextPage(asked->seen.headers);
          std::vector<std::string> names;
          if (list != nullptr && list->as_array() != nullptr) {
            for (const json::Value& each : *list->as_array()) {
              names.push_back(each.as_string() == nullptr ? "" : *each.as_string());
            }
          }
          return names;
        });
    if (!page) {
      return page.failure();
    }
    looked += page.value().size();
    std::copy_if(page.value().begin(), page.value().end(), std::back_inserter(tags),
                 [&](const std::string& tag) { return tag.starts_with(prefix); });
    const auto following =
        next.empty() || page.value().empty() ? Error(ErrorCode::kNotFound, "") : url.Resolve(next);
    if (!following || following->Origin() != url.Origin()) {
      break;
    }
    url = *following;
  }
  return tags;
}

}  // namespace drydock::publisher
